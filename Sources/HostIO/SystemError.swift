import Glibc
package import Model

/// A system call that failed.
package struct SystemError: FailureConvertible, Hashable, CustomStringConvertible {
    /// As errno(3) numbers it.
    package let errno: Int32
    /// What was tried, as a verb: "open", "rename".
    package let operation: String
    /// For people: bytes that are not UTF-8 are replaced.
    package let path: String

    package init(_ errno: Int32, _ operation: String, _ path: String) {
        self.errno = errno
        self.operation = operation
        self.path = path
    }

    /// The calling thread's errno.
    static func last(_ operation: String, _ path: String) -> SystemError { SystemError(Glibc.errno, operation, path) }

    /// The system's words for the number: "No such file or directory".
    package var reason: String { Self.text(of: errno) }

    package var description: String { "\(path): cannot \(operation): \(reason)" }

    package var isNotFound: Bool { errno == ENOENT || errno == ENOTDIR }
    package var isExists: Bool { errno == EEXIST }
    package var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }
    /// What lies behind the path is gone or does not answer: a mount that vanished, a server that stopped.
    package var isUnreachable: Bool {
        switch errno {
        case ENOTCONN, ESTALE, ENODEV, ENXIO, ESHUTDOWN, ECONNABORTED, ECONNRESET, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: true
        default: false
        }
    }
    /// The file system lacks the operation.
    package var isUnsupported: Bool { [EOPNOTSUPP, ENOSYS, EINVAL, ENOTTY, EXDEV].contains(errno) }

    package var failure: Failure {
        if errno == ECANCELED { return Cancelled().failure }
        return Failure(
            isNoSpace ? .space : errno == ENOENT ? .notFound : .storage, "cannot \(operation) \(path)", hint: remedy, cause: reason)
    }

    private static func text(of errno: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(errno)" }
            buffer.initialize(repeating: 0)
            guard strerror_r(errno, start, buffer.count) == 0 else { return "error \(errno)" }
            return String(cString: start)
        }
    }
}

extension SystemError {
    private var remedy: String {
        if isUnreachable { return "what is mounted there has gone: check the mount and its server, then run the command again" }
        switch errno {
        case ENOSPC: return "free space on that file system, then run the command again"
        case EDQUOT: return "raise the quota or free space, then run the command again"
        case EACCES: return "run as a user who may do that, or correct owner and mode of the path"
        case EPERM: return "run as a user who may do that, or lift the flags of the path (lsattr shows them; chattr -R -i -a)"
        case EROFS: return "mount the file system read-write; for a read-only btrfs subvolume: btrfs property set PATH ro false"
        case ENOENT: return "check the spelling, and that what should be mounted there is mounted"
        case ENOTDIR: return "a component of the path is a file, not a directory: check the spelling"
        case EMLINK: return "it is no plain file with one name: find out who put it there, and remove it"
        case EISDIR: return "the path is a directory and a file was expected"
        case ELOOP: return "the path leads through a symbolic link where none is allowed"
        case EEXIST: return "remove or rename what is there"
        case EXDEV: return "another file system is mounted there: unmount it first, if it is not meant"
        case ENOTEMPTY: return "something was written there meanwhile: look at it, then run the command again"
        case EIO: return "check the disk or mount (dmesg), then run the command again"
        case EMFILE, ENFILE: return "raise the limit of open files (ulimit -n)"
        case ENAMETOOLONG: return "the name or path is too long for this file system: use a shorter one"
        case ETXTBSY, EBUSY: return "something else is using it: stop that, then run the command again"
        case ENOMEM: return "free memory, then run the command again"
        default: return "look at the path and at the kernel's messages (dmesg)"
        }
    }
}

/// Calls until the result is not an interruption; a negative result throws.
@discardableResult
func checked<Number: FixedWidthInteger & SignedInteger>(
    _ operation: @autoclosure () -> String, _ path: @autoclosure () -> String, _ call: () -> Number
) throws(SystemError) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        let number = Glibc.errno
        if number != EINTR { throw SystemError(number, operation(), path()) }
    }
}
