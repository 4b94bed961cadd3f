import Glibc
import HostIO
package import Model

/// One entry of a source could not be read; the job goes on without it.
package struct EntryError: FailureConvertible, Hashable {
    package enum Kind: String, Sendable { case vanished, unreadable }

    package let kind: Kind
    /// For people.
    package let path: String
    package let detail: String

    package init(_ kind: Kind, path: String, detail: String) {
        self.kind = kind
        self.path = path
        self.detail = detail
    }

    package var failure: Failure {
        Failure(
            kind == .vanished ? .notFound : .store, "\(path): \(kind.rawValue)",
            hint: "check that it is there and may be read by this user",
            cause: detail)
    }

    var issueKind: EntryIssue.Kind { kind == .vanished ? .vanished : .unreadable }

    /// The same error as that of an entry, unless what fails is the whole place (a mount that went, no descriptors, no memory). For an entry below a
    /// root that answers see ``LocalDirectory/concerningEntry(_:)``.
    static func of(_ error: SystemError) -> any Error {
        switch error.errno {
        case ENOENT, ENOTDIR, ELOOP: EntryError(.vanished, path: error.path, detail: error.reason)
        case EMFILE, ENFILE, ENOMEM: error
        case ENXIO: EntryError(.unreadable, path: error.path, detail: error.reason)
        default: error.isUnreachable ? error : EntryError(.unreadable, path: error.path, detail: error.reason)
        }
    }
}

/// Runs `body` and gives its `SystemError`s as those of an entry.
func concerningEntry<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) throws -> Result {
    do { return try body() } catch { throw EntryError.of(error) }
}
