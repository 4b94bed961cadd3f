package import Model
package import ResticFormat

/// What the engine can find wrong with a repository or with the way it is asked.
package enum RepositoryError: FailureConvertible, Hashable {
    /// There is no `config` at the place.
    case notARepository(location: String)
    /// There is a repository already.
    case alreadyARepository(location: String)
    case unsupportedVersion(Int, location: String)
    /// There are snapshots or packs and no `config`.
    case missingConfig(location: String)
    /// A folder that every repository with data has is not there.
    case missingFolder(name: String, location: String)
    case damagedConfig(reason: String, location: String)
    /// No key file opens with the password.
    case wrongPassword(location: String)
    /// No key file that can be read opens with the password, and `name` cannot be read.
    case wrongPasswordOrDamagedKey(name: String, location: String)
    /// No key file that was tried opens with the password, and some were not tried: which and why.
    case keysNotTried(String, location: String)
    /// No key file at all.
    case noKeys(location: String)
    /// No key file can be read; says of the first one why.
    case damagedKeys(name: String, reason: String, location: String)
    /// The last key of a repository is not removed.
    case lastKey
    case unknownKey(String)
    /// The stored bytes of a file do not hash to its name, or do not decrypt, decompress or parse.
    case damagedFile(name: String, reason: String, location: String)
    /// A blob that something refers to is in no index.
    case missingBlob(BlobID, BlobKind, location: String)
    /// A blob's bytes in its pack are not what the index says.
    case damagedBlob(BlobID, BlobKind, pack: PackID, reason: String, location: String)
    case locked(owner: String, location: String)
    /// The lock could not be refreshed for so long that others may take it for stale.
    case lockLost(location: String)
    /// Just compressed bytes do not decompress to what they were made from: memory or library at fault.
    case compressionMismatch(BlobID)
    /// Something an encryption or compression library refused; names the call.
    case library(String)
    /// A blob larger than the format can hold (4 GiB).
    case blobTooLarge(Int)
    /// A blob was put into a pack that has no room for it.
    case packFull

    package var failure: Failure {
        switch self {
        case .notARepository(let location):
            Failure(.notFound, "no repository at \(location)", hint: "check the path and that the disk or share is mounted")
        case .alreadyARepository(let location):
            Failure(.exists, "there is already a repository at \(location)", hint: "use it as it is, or choose an empty directory")
        case .unsupportedVersion(let version, let location):
            Failure(
                .refused, "the repository at \(location) has format version \(version)",
                hint: "versions 1 and 2 are supported; use a newer release")
        case .missingConfig(let location):
            Failure(.damaged, "the repository at \(location) has lost its config", hint: Self.configRemedy)
        case .missingFolder(let name, let location):
            Failure(
                .damaged, "\(location) holds data, and its directory \(name) is not there",
                hint: "find out who removed it, and put it back from another copy of the repository")
        case .damagedConfig(let reason, let location):
            Failure(.damaged, "the config of the repository at \(location) is damaged", hint: Self.configRemedy, cause: reason)
        case .wrongPassword(let location):
            Failure(
                .password, "wrong password for the repository at \(location)",
                hint: "check password-file or password-command in the cluster file; the recovery sheet says which password it was")
        case .wrongPasswordOrDamagedKey(let name, let location):
            Failure(
                .password, "no readable key of the repository at \(location) opens with this password, and \(name) is damaged",
                hint: "check password-file or password-command in the cluster file; if the password is right, \(Self.keysRemedy)")
        case .keysNotTried(let which, let location):
            Failure(
                .password, "no key of the repository at \(location) that was tried opens with this password",
                hint: "check password-file or password-command in the cluster file, and remove the files from keys/ that nobody here made",
                cause: "not tried: \(which)")
        case .noKeys(let location):
            Failure(.damaged, "the repository at \(location) has no key file", hint: Self.keysRemedy)
        case .damagedKeys(let name, let reason, let location):
            Failure(
                .damaged, "no key file of the repository at \(location) can be read", hint: Self.keysRemedy, cause: "\(name): \(reason)")
        case .lastKey:
            Failure(.refused, "this is the only key of the repository", hint: "add another key first")
        case .unknownKey(let id):
            Failure(.notFound, "no key \(id) in the repository", hint: "list the keys for their ids")
        case .damagedFile(let name, let reason, let location):
            Failure(
                .damaged, "\(location)/\(name) is damaged", hint: "run a verify with --read-data to see what is affected", cause: reason)
        case .missingBlob(let id, let kind, let location):
            Failure(
                .damaged, "\(kind.name) blob \(id.short) is missing in \(location)",
                hint: "run a verify to see which backups need it; others are not affected")
        case .damagedBlob(let id, let kind, let pack, let reason, let location):
            Failure(
                .damaged, "\(kind.name) blob \(id.short) in pack \(pack.short) of \(location) is damaged",
                hint: "run a verify with --read-data to see which backups need it", cause: reason)
        case .locked(let owner, let location):
            Failure(
                .locked, "\(location) is locked by \(owner)",
                hint: "wait until it ends; a lock left by a dead process goes stale after 30 minutes")
        case .lockLost(let location):
            Failure(
                .locked, "the lock on \(location) could not be refreshed",
                hint: "check that the storage answers, then run the command again")
        case .compressionMismatch(let id):
            Failure(
                .internal, "blob \(id.short) does not decompress to what was compressed",
                hint: "test this machine's memory; nothing wrong was stored")
        case .library(let call):
            Failure(.internal, "\(call) failed", hint: "check the installed libcrypto and libzstd")
        case .blobTooLarge(let bytes):
            Failure(
                .internal, "a blob of \(bytes) bytes does not fit the format",
                hint: "the list of a directory of some eight million entries is as large: spread them over several directories")
        case .packFull: Failure(.internal, "a pack has no room for a blob", hint: "nothing wrong was stored; tell the makers of Holdfast")
        }
    }

    private static let configRemedy = "copy config back from another copy of the repository: it never changes"
    private static let keysRemedy =
        "copy the keys/ folder back from another copy of the repository; one file of it that opens with the password suffices"
}
