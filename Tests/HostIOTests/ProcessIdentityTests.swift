import Glibc
import HostIO
import Testing

@Suite struct ProcessIdentityTests {
    private let own = ProcessIdentity(machine: "m", boot: "b", namespaces: "pid:[1] time:[2]", number: 100, started: 5)

    @Test("A process has ended when its number is free, or another's, in the same namespaces of the same run of the kernel")
    func ended() {
        var other = own
        other.number = 101
        #expect(other.hasEnded(seenBy: own) { _ in .gone })
        #expect(other.hasEnded(seenBy: own) { _ in .there(started: 6) })
        #expect(!other.hasEnded(seenBy: own) { _ in .there(started: 5) })
        #expect(!other.hasEnded(seenBy: own) { _ in .there(started: nil) })
    }

    @Test("Nothing is known of a process of another namespace, another run of the kernel, or without either")
    func unknown() {
        for change in [
            { $0.namespaces = "pid:[3] time:[2]" }, { $0.boot = "c" }, { $0.boot = "" }, { $0.machine = "n" }, { $0.machine = nil },
            { $0.namespaces = "" },
        ] as [(inout ProcessIdentity) -> Void] {
            var other = own
            change(&other)
            #expect(!other.hasEnded(seenBy: own) { _ in .gone })
            #expect(!own.hasEnded(seenBy: other) { _ in .gone })
        }
    }

    @Test("This process is there, as it says itself; one that has ended is gone, reaped or not")
    func real() throws {
        let current = try #require(ProcessIdentity.current())
        #expect(ProcessIdentity.look(for: current.number) == .there(started: current.started))
        #expect(!current.hasEnded(seenBy: current, ProcessIdentity.look))
        #expect(ProcessIdentity.look(for: 1) != .gone)
        for number in [0, -1, 4_194_304 + 7, .max] as [Int64] { #expect(ProcessIdentity.look(for: number) == .gone) }
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        #expect(posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0)
        var info = siginfo_t()
        #expect(waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == 0)
        #expect(ProcessIdentity.look(for: Int64(pid)) == .gone)
        #expect(waitpid(pid, nil, 0) == pid)
        #expect(ProcessIdentity.look(for: Int64(pid)) == .gone)
    }
}
