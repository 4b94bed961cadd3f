/// What the NameNode knows of a file or directory.
package struct HDFSFileStatus: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case file = "FILE"
        case directory = "DIRECTORY"
        case symlink = "SYMLINK"
    }

    package var kind: Kind
    /// In its directory, in UTF-8; empty when the status was asked of the path itself.
    package var name: [UInt8] = []
    /// Bytes; 0 for directories.
    package var length: UInt64 = 0
    package var owner = ""
    package var group = ""
    /// The lower twelve bits: 0o1755.
    package var permission: UInt32 = 0
    /// Milliseconds since 1970.
    package var modificationTime: Int64 = 0
    /// Milliseconds since 1970; 0 for directories.
    package var accessTime: Int64 = 0
    /// Bytes; 0 for directories.
    package var blockSize: UInt64 = 0
    /// 0 for directories and for erasure-coded files.
    package var replication = 0
    /// Of the inode: stays with it when it is renamed.
    package var fileID: Int64 = 0
    /// Entries of a directory.
    package var childCount = 0
    /// The id of the policy set on it; 0: that of its directory.
    package var storagePolicy = 0
    package var hasACL = false
    package var isEncrypted = false
    /// The name of the erasure coding policy that is in force; nil: replicated.
    package var erasureCoding: String?
    /// Of a directory: snapshots of it are allowed.
    package var isSnapshottable = false

    package init(kind: Kind) { self.kind = kind }

    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        self.init(kind: .file)
        var kind: Kind?
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "type": kind = Kind(rawValue: try reader.string())
            case "pathSuffix": name = try reader.utf8()
            case "length": length = try reader.count()
            case "owner": owner = try reader.string()
            case "group": group = try reader.string()
            case "permission": permission = UInt32(try reader.string(), radix: 8) ?? 0
            case "modificationTime": modificationTime = try reader.integer()
            case "accessTime": accessTime = try reader.integer()
            case "blockSize": blockSize = try reader.count()
            case "replication": replication = Int(try reader.integer())
            case "fileId": fileID = try reader.integer()
            case "childrenNum": childCount = Int(try reader.integer())
            case "storagePolicy": storagePolicy = Int(try reader.integer())
            case "aclBit": hasACL = try reader.bool()
            case "encBit": isEncrypted = try reader.bool()
            case "ecPolicy": if !reader.takeNull() { erasureCoding = try reader.string() }
            case "snapshotEnabled": isSnapshottable = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let kind else { throw reader.expected("a type of file") }
        self.kind = kind
        if erasureCoding == "" || erasureCoding == "Replication" { erasureCoding = nil }
    }
}
