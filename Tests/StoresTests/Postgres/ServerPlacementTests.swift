import Glibc
import HostIO
@testable import PostgresStore
import TestSupport
import Testing

/// Where servers that are started go on living.
@Suite struct ServerPlacementTests {
    private let mounts = """
        30 1 0:20 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
        31 1 0:21 / / rw - ext4 /dev/vda rw
        """

    private func placement(own: String, first: String?, mounts: String? = nil, isUnderSystemd: Bool = true) -> ServerPlacement {
        ServerPlacement(own: own, first: first, mounts: mounts ?? self.mounts, isUnderSystemd: isUnderSystemd)
    }

    @Test func `a service's server goes into a scope, or at least out of the service's group`() {
        let service = placement(own: "/system.slice/system-holdfast.slice/holdfast@acme.service", first: "/init.scope")
        #expect(service.isScope)
        let above = "/sys/fs/cgroup/system.slice/system-holdfast.slice"
        #expect(service.groups == [above, "\(above)/holdfast-servers"])
        let byHand = placement(own: "/acme", first: "/", isUnderSystemd: false)
        #expect(!byHand.isScope && byHand.groups.first == "/sys/fs/cgroup")
    }

    @Test func `sessions of people and containers are left as they are`() {
        for (own, first) in [("/", "/"), ("/user.slice/user-0.slice/session-3.scope", "/init.scope"), ("/docker/ab", "/docker/ab")] {
            #expect(placement(own: own, first: first) == ServerPlacement(), "\(own)")
        }
        #expect(placement(own: "/acme", first: "/", mounts: "31 1 0:21 / / rw - ext4 /dev/vda rw").groups.isEmpty)
    }

    @Test func `a command runs as it is, wherever that is impossible`() throws {
        var nowhere = ServerPlacement()
        nowhere.groups = ["/proc/no/such/group"]
        for placement in [ServerPlacement(), nowhere] {
            let outcome = try placement.shell("echo \"$PPID it's\"; echo no >&2; exit 3", timeout: .seconds(20)).run()
            #expect(outcome.ending == .exited(3) && outcome.errorText == "no\n" && outcome.outputText == "\(getpid()) it's\n")
        }
    }

    /// What a service does with its group when it ends.
    @Test func `what was started outlives the group that it was started in`() throws {
        guard let root = placementRoot(), geteuid() == 0 else { return }
        let group = "\(root)/holdfast-test-\(getpid())"
        guard mkdir(group, 0o755) == 0 else { return }
        let home = try TemporaryDirectory()
        var placement = ServerPlacement()
        placement.groups = [root, "\(root)/holdfast-servers"]
        // The command as the service would run it, from within the group.
        let words = placement.shell("cat /proc/self/cgroup", timeout: .seconds(20)).arguments
        let outcome = try ChildProcess(["/bin/sh", "-c", "echo $$ >\(group)/cgroup.procs; exec \"$@\"", "sh"] + words).run()
        defer { withExtendedLifetime(home) { _ = rmdir(group) } }
        let own = outcome.outputText.split(separator: "\n").first { $0.hasPrefix("0::") }
        #expect(own != nil && own?.contains("holdfast-test-\(getpid())") == false, "\(outcome.outputText) \(outcome.errorText)")
    }

    private func placementRoot() -> String? {
        let text = (try? AtomicFile.read("/proc/self/mountinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return ServerPlacement(own: "/x", first: "/", mounts: text, isUnderSystemd: false).groups.first
    }
}
