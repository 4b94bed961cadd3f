import CHost
import Glibc
import Synchronization

/// What a process inherits and must not depend on: which of its standard streams are open, its umask, its limit of open files.
package enum OwnSurroundings {
    /// Called once, first of all, by a program's `main`.
    ///
    /// Descriptors 0, 1 and 2 that are closed become `/dev/null`, so that no file is ever opened as a standard stream. The umask becomes 077: what is
    /// made has the modes that its maker asks for, and nothing is open to others by accident. The soft limit of open files becomes the hard one, 65,536
    /// at most.
    package static func settle() {
        for descriptor in Int32(0)...2 where holdfast_is_open(descriptor) == 0 {
            // The lowest number that is free is given, so it is this one.
            if open("/dev/null", O_RDWR) < 0 { _ = open("/", O_RDONLY) }
        }
        inherited.store(Int(umask(0o077)), ordering: .relaxed)
        raiseFileLimit()
    }

    /// Where the umask was changed, the umask that the operator's own commands are to have: a line for the shell, to be put before them.
    static var shellPrefix: String {
        let mask = inherited.load(ordering: .relaxed)
        return mask < 0 || mask == 0o077 ? "" : "umask \(octal(mask)); "
    }

    /// Negative: it was not changed.
    private static let inherited = Atomic<Int>(-1)

    private static func octal(_ mask: Int) -> String { "0" + String(mask & 0o777, radix: 8) }

    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, 65_536)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
