import HostIO
import Model

/// Where a server that is started goes on living: not in the control group of the service that starts it, because what is in that ends with it.
struct ServerPlacement: Hashable, Sendable {
    /// Under systemd, in a scope of its own (systemd-run(1)).
    var isScope = false
    /// Directories of control groups (cgroups(7)), of which the first that takes it is meant.
    var groups: [String] = []

    /// Where this process is.
    init() {}

    /// For a server that this process starts.
    static func present() -> ServerPlacement {
        func group(of process: String) -> String? {
            guard let bytes = try? AtomicFile.read("/proc/\(process)/cgroup", limit: 1 << 16) else { return nil }
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("0::") }
            return line.map { String($0.dropFirst(3)) }
        }
        let mounts = (try? AtomicFile.read("/proc/self/mountinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return ServerPlacement(
            own: group(of: "self") ?? "/", first: group(of: "1"), mounts: mounts,
            isUnderSystemd: (try? statusOfPath("/run/systemd/system")) != nil)
    }

    /// `own`, `first`: the groups of this process and of process 1. A container, whose processes share one, and the session of a person are left as they are.
    init(own: String, first: String?, mounts: String, isUnderSystemd: Bool) {
        guard own != "/", own != first, !own.hasPrefix("/user.slice/") else { return }
        isScope = isUnderSystemd && own.hasSuffix(".service")
        guard let root = Self.root(mounts) else { return }
        let parent = Path.parent(own)
        let above = parent == "/" ? root : root + parent
        groups = [above, Path.join(above, "holdfast-servers")]
    }

    /// Where the one hierarchy of control groups is mounted as a whole.
    private static func root(_ mounts: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields[dash + 1] == "cgroup2", fields.count > 5,
                fields[3] == "/"
            else { continue }
            return String(fields[4])
        }
        return nil
    }

    /// A shell that puts itself there, as far as it may, and becomes `command`.
    func shell(_ command: String, timeout: Duration) -> ChildProcess {
        let script = """
            command=$1 scope=$2; shift 2
            if [ "$scope" = scope ] && systemd-run --quiet --scope --collect true; then
              exec systemd-run --quiet --scope --collect /bin/sh -c "$command" 2>&3 3>&-
            fi
            for group; do if mkdir -p "$group" && echo $$ >"$group/cgroup.procs"; then break; fi; done
            exec /bin/sh -c "$command" 2>&3 3>&-
            """
        return ChildProcess(
            ["/bin/sh", "-c", "exec 3>&2 2>/dev/null; \(script)", "sh", command, isScope ? "scope" : "here"] + groups, timeout: timeout)
    }
}
