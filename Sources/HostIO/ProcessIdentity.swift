import Glibc

/// A process among all that ever were on all systems, as far as others need it to prove that it has ended.
package struct ProcessIdentity: Hashable, Sendable {
    /// Names the installation of the system (machine-id(5)), as its file has it; nil where there is none.
    package var machine: String?
    /// Names the run of the kernel (random(4), `boot_id`).
    package var boot: String
    /// The namespaces that its number and its time of start count in (namespaces(7)): the inodes of `pid` and `time`. As long as one of them lives, no
    /// other has its inode.
    package var namespaces: String
    package var number: Int64
    /// Clock ticks since the kernel's start (proc(5), `stat`, field 22).
    package var started: UInt64

    package init(machine: String? = nil, boot: String, namespaces: String, number: Int64, started: UInt64) {
        self.machine = machine
        self.boot = boot
        self.namespaces = namespaces
        self.number = number
        self.started = started
    }

    /// This process; nil where `/proc` does not tell.
    package static func current() -> ProcessIdentity? {
        guard let boot = text("/proc/sys/kernel/random/boot_id"), let namespaces = ownNamespaces(),
            let started = look(at: "self")?.started
        else { return nil }
        let machine = text("/etc/machine-id") ?? text("/var/lib/dbus/machine-id")
        return ProcessIdentity(machine: machine, boot: boot, namespaces: namespaces, number: Int64(getpid()), started: started)
    }

    /// What the kernel says of a process number.
    package enum Look: Hashable, Sendable {
        case gone
        /// `started`: nil where it cannot be had.
        case there(started: UInt64?)
    }

    /// Looks for the process of `number` in the namespace of this process.
    package static func look(for number: Int64) -> Look {
        guard let pid = pid_t(exactly: number), pid > 0 else { return .gone }
        guard kill(pid, 0) == 0 || errno == EPERM else { return .gone }
        // The /proc that is mounted may be of another namespace.
        guard link("/proc/self") == "\(getpid())", let found = look(at: "\(pid)") else { return .there(started: nil) }
        return found.isZombie ? .gone : .there(started: found.started)
    }

    /// Whether this process is proven to have ended, seen by `observer` who found `look` under its number. A process of another machine, of another run of the kernel or
    /// of another namespace may be alive whatever its number says here.
    package func hasEnded(seenBy observer: ProcessIdentity, _ look: (Int64) -> Look) -> Bool {
        guard machine == observer.machine, boot == observer.boot, namespaces == observer.namespaces, !boot.isEmpty, !namespaces.isEmpty
        else { return false }
        switch look(number) {
        case .gone: return true
        case .there(let other): return other.map { $0 != started } ?? false
        }
    }

    private static func ownNamespaces() -> String? {
        guard let processes = link("/proc/self/ns/pid") else { return nil }
        // Kernels before 5.6 have none of time.
        return [processes, link("/proc/self/ns/time")].compactMap { $0 }.joined(separator: " ")
    }

    private static func look(at process: String) -> (started: UInt64, isZombie: Bool)? {
        // The name, in parentheses, may hold anything.
        guard let line = text("/proc/\(process)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let started = UInt64(fields[19]) else { return nil }
        return (started, fields[0] == "Z" || fields[0] == "X")
    }

    private static func text(_ path: String) -> String? {
        guard let bytes = try? AtomicFile.read(path, limit: 4096), !bytes.isEmpty else { return nil }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    private static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(path, start, buffer.count)
            return count > 0 ? String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self) : nil
        }
    }
}
