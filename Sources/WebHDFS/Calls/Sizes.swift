package import Model

/// What lies at and below a path. Costs the NameNode time by the number of files.
package struct HDFSContentSummary: Hashable, Sendable {
    /// With the path itself.
    package var directories: UInt64 = 0
    package var files: UInt64 = 0
    /// Bytes of the files.
    package var length: UInt64 = 0
    /// Bytes on the DataNodes, all replicas together.
    package var spaceConsumed: UInt64 = 0
    package var quota = HDFSQuota()

    package init(directories: UInt64 = 0) { self.directories = directories }
}

/// Limits on a directory with all below it.
package struct HDFSQuota: Hashable, Sendable {
    /// Of files and directories, itself counted; nil: none.
    package var names: UInt64?
    /// Of bytes, all replicas counted; nil: none.
    package var space: UInt64?

    package init(names: UInt64? = nil, space: UInt64? = nil) {
        self.names = names
        self.space = space
    }
}

/// What a directory uses of its quotas. Cheap where there are some.
package struct HDFSQuotaUsage: Hashable, Sendable {
    package var quota = HDFSQuota()
    package var names: UInt64 = 0
    package var spaceConsumed: UInt64 = 0
}

/// How HDFS proves a file's content: equal checksums of files with equal block sizes mean equal content.
package struct HDFSChecksum: Hashable, Sendable {
    /// `MD5-of-0MD5-of-512CRC32C`.
    package var algorithm: String
    package var bytes: [UInt8]
}

extension HDFSClient {
    private static let summary = Operation.get("GETCONTENTSUMMARY", "measure").long
    private static let quotaUsage = Operation.get("GETQUOTAUSAGE", "read the quotas of").long
    private static let setQuota = Operation.set("SETQUOTA", "set the quotas of")
    private static let checksum = Operation.get("GETFILECHECKSUM", "read the checksum of").long

    /// Of the NameNode for no quota.
    private static let unlimited: Int64 = -1

    /// Without what only snapshots keep, as far as the release tells that apart (Hadoop 3 does).
    package func contentSummary(of path: HDFSPath) throws(HDFSError) -> HDFSContentSummary {
        var summary = HDFSContentSummary()
        var kept = HDFSContentSummary()
        try readMembers(of: "ContentSummary", in: Call(Self.summary, path)) { key, reader throws(MalformedAnswer) in
            switch key {
            case "directoryCount": summary.directories = try reader.count()
            case "fileCount": summary.files = try reader.count()
            case "length": summary.length = try reader.count()
            case "spaceConsumed": summary.spaceConsumed = try reader.count()
            case "snapshotDirectoryCount": kept.directories = try reader.count()
            case "snapshotFileCount": kept.files = try reader.count()
            case "snapshotLength": kept.length = try reader.count()
            case "snapshotSpaceConsumed": kept.spaceConsumed = try reader.count()
            case "quota": summary.quota.names = try Self.limit(&reader)
            case "spaceQuota": summary.quota.space = try Self.limit(&reader)
            default: try reader.skip()
            }
        }
        return summary.without(kept)
    }

    package func quotaUsage(of path: HDFSPath) throws(HDFSError) -> HDFSQuotaUsage {
        var usage = HDFSQuotaUsage()
        try readMembers(of: "QuotaUsage", in: Call(Self.quotaUsage, path)) { key, reader throws(MalformedAnswer) in
            switch key {
            case "fileAndDirectoryCount": usage.names = try reader.count()
            case "spaceConsumed": usage.spaceConsumed = try reader.count()
            case "quota": usage.quota.names = try Self.limit(&reader)
            case "spaceQuota": usage.quota.space = try Self.limit(&reader)
            default: try reader.skip()
            }
        }
        return usage
    }

    /// The root has a quota of 2^63 - 1 names when it has none.
    private static func limit(_ reader: inout JSONReader) throws(MalformedAnswer) -> UInt64? {
        let limit = try reader.integer()
        return limit < 0 || limit == .max ? nil : UInt64(limit)
    }

    /// Both limits as given; nil removes one. Only the superuser may.
    package func setQuota(of path: HDFSPath, _ quota: HDFSQuota) throws(HDFSError) {
        let names = quota.names.map { Int64(clamping: $0) } ?? Self.unlimited
        let space = quota.space.map { Int64(clamping: $0) } ?? Self.unlimited
        _ = try send(Call(Self.setQuota, path).with("namespacequota", names).with("storagespacequota", space))
    }

    /// Made by the DataNodes, which read the file's own checksums only.
    package func checksum(of path: HDFSPath) throws(HDFSError) -> HDFSChecksum {
        let call = Call(Self.checksum, path)
        var checksum = HDFSChecksum(algorithm: "", bytes: [])
        try read(onDataNode(call), of: call) { reader throws(MalformedAnswer) in
            try reader.required("FileChecksum") { reader throws(MalformedAnswer) in
                try reader.object { key, reader throws(MalformedAnswer) in
                    switch key {
                    case "algorithm": checksum.algorithm = try reader.string()
                    case "bytes":
                        guard let bytes = Hexadecimal.bytes(try reader.string()[...]) else { throw reader.expected("hex digits") }
                        checksum.bytes = bytes
                    default: try reader.skip()
                    }
                }
            }
        }
        return checksum
    }
}

extension HDFSContentSummary {
    fileprivate func without(_ other: HDFSContentSummary) -> HDFSContentSummary {
        var rest = self
        rest.directories -= min(directories, other.directories)
        rest.files -= min(files, other.files)
        rest.length -= min(length, other.length)
        rest.spaceConsumed -= min(spaceConsumed, other.spaceConsumed)
        return rest
    }
}
