/// The body of an answer that is an error: `{"RemoteException": {"exception": …, "javaClassName": …, "message": …}}`.
struct RemoteException: Hashable {
    var name: String
    /// The first line: DataNodes add the stack.
    var message: String

    /// Nil when `body` is something else, such as the web server's own page.
    init?(_ body: [UInt8]) {
        var name: String?
        var message = ""
        try? JSONReader.read(body) { reader throws(MalformedAnswer) in
            _ = try reader.member("RemoteException") { reader throws(MalformedAnswer) in
                try reader.object { key, reader throws(MalformedAnswer) in
                    switch key {
                    case "exception": name = try reader.string()
                    case "message" where !reader.takeNull(): message = try reader.string()
                    default: try reader.skip()
                    }
                }
            }
        }
        guard let name else { return nil }
        self.init(name: name, message: String(message.prefix { !$0.isNewline }))
    }

    init(name: String, message: String) {
        self.name = name
        self.message = message
    }
}

extension RemoteException {
    /// What it means. Java's names are the interface here; where one name has several meanings, the words that Hadoop 3.3 uses decide.
    var kind: HDFSError.Kind {
        // A NameNode with others beside it says so of safe mode.
        if name == "RetriableException", message.contains("SafeModeException") || message.contains("in safe mode") { return .safeMode }
        if let kind = Self.kinds[name] { return kind }
        switch name {
        case "SnapshotException": return snapshotKind
        case "XAttrNotFoundException": return .notFound
        case "InvalidPathException", "HadoopIllegalArgumentException", "IllegalArgumentException", "UnsupportedOperationException":
            return .invalid
        default: return Self.phrases.first { message.contains($0.words) }?.kind ?? .other
        }
    }

    private static let kinds: [String: HDFSError.Kind] = [
        "FileNotFoundException": .notFound, "FileAlreadyExistsException": .exists, "AlreadyBeingCreatedException": .exists,
        "ParentNotDirectoryException": .notDirectory, "PathIsNotDirectoryException": .notDirectory,
        "PathIsNotEmptyDirectoryException": .notEmpty, "AccessControlException": .permission, "AuthorizationException": .permission,
        "SnapshotAccessControlException": .permission, "NSQuotaExceededException": .namespaceQuota,
        "MaxDirectoryItemsExceededException": .namespaceQuota, "DSQuotaExceededException": .spaceQuota,
        "QuotaByStorageTypeExceededException": .spaceQuota, "SafeModeException": .safeMode, "StandbyException": .standby,
        "ObserverRetryOnActiveException": .standby, "RetriableException": .busy, "InvalidToken": .unauthorized,
        "BlockMissingException": .noReplica, "AuthenticationException": .unauthorized, "SecurityException": .unauthorized,
    ]

    private struct Phrase {
        let words: String
        let kind: HDFSError.Kind
    }

    /// Of exceptions without a name of their own, and of those that a DataNode wraps.
    private static let phrases = [
        Phrase(words: "SafeModeException", kind: .safeMode), Phrase(words: "Name node is in safe mode", kind: .safeMode),
        Phrase(words: "StandbyException", kind: .standby), Phrase(words: "RetriableException", kind: .busy),
        Phrase(words: "NSQuotaExceededException", kind: .namespaceQuota), Phrase(words: "DSQuotaExceededException", kind: .spaceQuota),
        Phrase(words: "could only be written to", kind: .noSpace), Phrase(words: "could only be replicated to", kind: .noSpace),
        Phrase(words: "Failed to find datanode", kind: .noSpace), Phrase(words: "No DataNodes", kind: .noSpace),
        Phrase(words: "No active nodes contain this block", kind: .noReplica),
        Phrase(words: "Could not obtain block", kind: .noReplica), Phrase(words: "BlockMissingException", kind: .noReplica),
        Phrase(words: "No space left on device", kind: .noSpace), Phrase(words: "out of the range [", kind: .truncated),
        Phrase(words: "Invalid path name", kind: .invalid),
        Phrase(words: "Specified block size", kind: .invalid), Phrase(words: "equested replication", kind: .invalid),
        Phrase(words: "both be directories", kind: .invalid), Phrase(words: "under source", kind: .invalid),
        Phrase(words: "Call From", kind: .unreachable),
        Phrase(words: "The REPLACE flag must be specified", kind: .exists),
        Phrase(words: "No matching attributes found", kind: .notFound), Phrase(words: "The CREATE flag must be specified", kind: .notFound),
    ]

    private var snapshotKind: HDFSError.Kind {
        if message.contains("not a snapshottable directory") || message.contains("not snapshottable") { return .notSnapshottable }
        if message.contains("already a snapshot with the same name") || message.contains("already exists") { return .exists }
        if message.contains("does not exist") || message.contains("Cannot find the snapshot") { return .notFound }
        if message.contains("cannot be deleted") || message.contains("has snapshot(s)") || message.contains("Nested snapshottable") {
            return .snapshotInTheWay
        }
        return .other
    }
}
