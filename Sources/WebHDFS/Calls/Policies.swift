package import Model

/// Where the blocks of files go.
package struct HDFSStoragePolicy: Hashable, Sendable {
    /// As in ``HDFSFileStatus/storagePolicy``.
    package var id: Int
    /// `HOT`, `COLD`, ….
    package var name: String
}

extension HDFSClient {
    private static let getStoragePolicy = Operation.get("GETSTORAGEPOLICY", "read the storage policy of")
    private static let setStoragePolicy = Operation.set("SETSTORAGEPOLICY", "set the storage policy of")
    private static let unsetStoragePolicy = Operation.set("UNSETSTORAGEPOLICY", "remove the storage policy of", by: .post)
    private static let getCoding = Operation.get("GETECPOLICY", "read the erasure coding of")
    private static let setCoding = Operation.set("SETECPOLICY", "set the erasure coding of")
    private static let unsetCoding = Operation.set("UNSETECPOLICY", "remove the erasure coding of", by: .post)

    /// The one in force: its own, or that of a directory above.
    package func storagePolicy(of path: HDFSPath) throws(HDFSError) -> HDFSStoragePolicy {
        var policy = HDFSStoragePolicy(id: 0, name: "")
        try readMembers(of: "BlockStoragePolicy", in: Call(Self.getStoragePolicy, path)) { key, reader throws(MalformedAnswer) in
            switch key {
            case "id": policy.id = Int(try reader.integer())
            case "name": policy.name = try reader.string()
            default: try reader.skip()
            }
        }
        return policy
    }

    package func setStoragePolicy(of path: HDFSPath, _ name: String) throws(HDFSError) {
        _ = try send(Call(Self.setStoragePolicy, path).with("storagepolicy", name))
    }

    /// So that the directory above decides.
    package func unsetStoragePolicy(of path: HDFSPath) throws(HDFSError) { _ = try send(Call(Self.unsetStoragePolicy, path)) }

    /// The name of the erasure coding policy in force; nil: files are replicated.
    package func erasureCoding(of path: HDFSPath) throws(HDFSError) -> String? {
        try read(Call(Self.getCoding, path)) { reader throws(MalformedAnswer) in
            if reader.takeNull() { return nil }
            let name = try reader.required("name") { reader throws(MalformedAnswer) in try reader.string() }
            return name == "replication" ? nil : name
        }
    }

    /// Of a directory, for files that are made in it from then on.
    package func setErasureCoding(of path: HDFSPath, _ name: String) throws(HDFSError) {
        _ = try send(Call(Self.setCoding, path).with("ecpolicy", name))
    }

    package func unsetErasureCoding(of path: HDFSPath) throws(HDFSError) { _ = try send(Call(Self.unsetCoding, path)) }
}
