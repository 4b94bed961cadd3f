import Glibc
package import HostIO

extension StorageError {
    /// What a system call's error means for a storage.
    package init(_ error: SystemError, _ object: String, in location: String) {
        let kind = Self.kind(of: error)
        let place = kind == .misplaced ? " (\(error.path))" : ""
        self.init(kind, object, in: location, detail: "cannot \(error.operation): \(error.reason)\(place)")
    }

    private static func kind(of error: SystemError) -> Kind {
        switch error.errno {
        case ENOENT: .notFound
        case ENOTDIR, ELOOP, EISDIR, EMLINK: .misplaced
        case EEXIST: .exists
        case ENOSPC, EDQUOT, EFBIG: .noSpace
        case EROFS: .readOnly
        case EACCES, EPERM: .permission
        // Of this process, and not of the object: nothing is damaged.
        case EMFILE, ENFILE, ENOMEM: .unreachable
        default: error.isUnreachable ? .unreachable : .inputOutput
        }
    }
}
