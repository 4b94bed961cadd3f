import HostIO
import Model

/// What an operator should know of how a server is started, and of where the one that runs lives.
enum ServiceNotes {
    /// Programs that start a server as a child of their own, not as a service of the system.
    private static let direct: Set<String> = ["pg_ctl", "postgres", "postmaster"]
    private static let unitPrefix = "holdfast@"

    /// `start`: the command of the cluster file. `group`: the control group of the server that runs (cgroups(7)), where it is known.
    static func notes(start: String?, group: String?) -> [String] {
        [start.flatMap(ofCommand), group.flatMap(ofGroup)].compactMap { $0 }
    }

    private static func ofCommand(_ command: String) -> String? {
        guard let program = ShellPrograms.names(in: command).first(where: direct.contains) else { return nil }
        return
            "its service starts it with \(program) itself: when holdfast serve does that after a restore, the server takes over what the unit of Holdfast allows "
            + "and how it ranks (no new privileges, nice, the score for a lack of memory), and the system does not know it as a service; "
            + "write systemctl or pg_ctlcluster where the system has a unit for it"
    }

    private static func ofGroup(_ group: String) -> String? {
        let unit = group.split(separator: "/").last { $0.hasPrefix(unitPrefix) && $0.hasSuffix(".service") }
        guard let unit else { return nil }
        return "it runs inside of Holdfast's own service \(unit), and may be killed with it: stop it, and start it as its own service"
    }
}

extension DataDirectory {
    /// The control group of the server that runs on it; nil when none runs or it cannot be told.
    func controlGroup() -> String? {
        guard let process = (try? process()) ?? nil, let bytes = try? AtomicFile.read("/proc/\(process)/cgroup", limit: 1 << 16) else {
            return nil
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("0::") }
        return line.map { String($0.dropFirst(3)) }
    }
}
