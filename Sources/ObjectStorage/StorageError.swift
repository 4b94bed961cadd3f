package import Model

/// An object storage could not do what was asked.
package struct StorageError: FailureConvertible, Hashable {
    package enum Kind: String, Sendable {
        case notFound = "not found"
        case exists = "exists already"
        case truncated = "shorter than expected"
        /// Longer than anything of its kind: not read.
        case oversized = "larger than it can be"
        /// A symbolic link, a FIFO, a socket or a device, or a file where a directory belongs: neither followed nor opened.
        case misplaced = "neither a plain file nor a plain directory"
        case noSpace = "no space left"
        case readOnly = "read-only"
        case permission = "permission denied"
        /// The whole place is gone: an unmounted target, a NameNode that does not answer. Or this process has no descriptors or memory left to reach it.
        case unreachable = "cannot be reached"
        case inputOutput = "input/output error"
        /// This process was asked to end while it waited for another try.
        case stopped = "stopped"
    }

    package let kind: Kind
    /// The object's name, or the empty string for the storage as a whole.
    package let object: String
    package let location: String
    /// The system's own words, when it had some.
    package let detail: String?

    package init(_ kind: Kind, _ object: String, in location: String, detail: String? = nil) {
        self.kind = kind
        self.object = object
        self.location = location
        self.detail = detail
    }

    package var failure: Failure {
        let place = object.isEmpty ? location : "\(location)/\(object)"
        let hint: String? =
            switch kind {
            case .notFound, .truncated: "the repository is damaged or still being copied; run `verify` to see what it affects"
            case .oversized: "somebody put something else there: look at it, remove it, and run `verify` to see what is missing"
            case .misplaced:
                "find out who put it there, and remove it; a part of a repository that is to lie on another disk is mounted there (mount --bind), not linked: only the repository as a whole may be reached through a link"
            case .exists: nil
            case .stopped: "run the same command again: it takes up what has already been written"
            case .noSpace: "free space at \(location), or delete old snapshots or backups and prune"
            case .readOnly: "mount \(location) read-write"
            case .permission: "run as the user who owns \(location), or correct its permissions"
            case .unreachable: "check that \(location) is mounted and answers (and ulimit -n), then run the command again"
            case .inputOutput: "check the disk or mount behind \(location) (dmesg), then run the command again"
            }
        let code: FailureCode =
            switch kind {
            case .noSpace: .space
            case .stopped: .cancelled
            default: isDamage ? .damaged : .storage
            }
        return Failure(code, "\(place): \(kind.rawValue)", hint: hint, cause: detail)
    }

    /// Whether what lies there is at fault, and not the way to it.
    package var isDamage: Bool { [.notFound, .truncated, .oversized, .misplaced].contains(kind) }
}
