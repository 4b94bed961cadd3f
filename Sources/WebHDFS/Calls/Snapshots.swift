package import Model

/// A directory of which snapshots may be made.
package struct HDFSSnapshottableDirectory: Hashable, Sendable {
    package var path: HDFSPath
    package var snapshots: UInt64
    /// How many there may be.
    package var limit: UInt64
}

/// A snapshot of a directory, readable below `DIRECTORY/.snapshot/NAME`.
package struct HDFSSnapshot: Hashable, Sendable {
    package var name: String
    package var path: HDFSPath
    /// Of the directory when the snapshot was made, in milliseconds since 1970; not the time of the snapshot.
    package var modificationTime: Int64
}

extension HDFSPath {
    /// Where the snapshots of this directory are, or what one of them shows.
    package func snapshot(_ name: String) -> HDFSPath? { appending(Array(".snapshot".utf8))?.appending(Array(name.utf8)) }
}

extension HDFSClient {
    private static let allow = Operation.set("ALLOWSNAPSHOT", "allow snapshots of")
    private static let disallow = Operation.set("DISALLOWSNAPSHOT", "disallow snapshots of")
    private static let create = Operation.once("CREATESNAPSHOT", "make a snapshot of")
    private static let rename = Operation.once("RENAMESNAPSHOT", "rename a snapshot of")
    private static let delete = Operation.once("DELETESNAPSHOT", "delete a snapshot of", by: .delete).long
    private static let directories = Operation.get("GETSNAPSHOTTABLEDIRECTORYLIST", "list the snapshottable directories of")
    private static let listing = "list the snapshots of"

    /// Only the superuser may; not of a directory below or above one of which it is allowed. A second time changes nothing.
    package func allowSnapshots(of path: HDFSPath) throws(HDFSError) { _ = try send(Call(Self.allow, path)) }

    /// Only when there are none.
    package func disallowSnapshots(of path: HDFSPath) throws(HDFSError) { _ = try send(Call(Self.disallow, path)) }

    /// One instant of all below the directory, made in milliseconds whatever its size. Files being written are shown with the length
    /// that the NameNode knows, which is that of their finished blocks.
    @discardableResult
    package func createSnapshot(of path: HDFSPath, named name: String) throws(HDFSError) -> HDFSPath {
        let call = Call(Self.create, path).with("snapshotname", name)
        let text = try read(call) { reader throws(MalformedAnswer) in
            try reader.required("Path") { reader throws(MalformedAnswer) in try reader.string() }
        }
        guard let snapshot = HDFSPath(text) else { throw error(MalformedAnswer(text: "\(text) is no path"), call) }
        return snapshot
    }

    package func renameSnapshot(of path: HDFSPath, _ name: String, to newName: String) throws(HDFSError) {
        _ = try send(Call(Self.rename, path).with("oldsnapshotname", name).with("snapshotname", newName))
    }

    package func deleteSnapshot(of path: HDFSPath, named name: String) throws(HDFSError) {
        _ = try send(Call(Self.delete, path).with("snapshotname", name))
    }

    /// Those that the user may see: their own, or all for the superuser.
    package func snapshottableDirectories() throws(HDFSError) -> [HDFSSnapshottableDirectory] {
        var list: [HDFSSnapshottableDirectory] = []
        try read(Call(Self.directories, .root)) { reader throws(MalformedAnswer) in
            try reader.object { key, reader throws(MalformedAnswer) in
                guard key == "SnapshottableDirectoryList", !reader.takeNull() else { return try reader.skip() }
                try reader.array { reader throws(MalformedAnswer) in list.append(try HDFSSnapshottableDirectory(&reader)) }
            }
        }
        return list
    }

    /// By name. Throws ``HDFSError/Kind/notSnapshottable`` where none can be.
    package func snapshots(of path: HDFSPath) throws(HDFSError) -> [HDFSSnapshot] {
        guard let folder = path.appending(Array(".snapshot".utf8)) else { return [] }
        do throws(HDFSError) {
            return try entries(of: folder).compactMap { entry in
                folder.appending(entry.name).map {
                    HDFSSnapshot(name: String(decoding: entry.name, as: UTF8.self), path: $0, modificationTime: entry.modificationTime)
                }
            }
        } catch {
            throw HDFSError(
                error.kind, Self.listing, path, server: error.server, status: error.status, exception: error.exception, detail: error.detail
            )
        }
    }
}

extension HDFSSnapshottableDirectory {
    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        var name: [UInt8] = []
        var parent = ""
        var (snapshots, limit): (UInt64, UInt64) = (0, 0)
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "dirStatus": name = try HDFSFileStatus(&reader).name
            case "parentFullPath": parent = try reader.string()
            case "snapshotNumber": snapshots = try reader.count()
            case "snapshotQuota": limit = try reader.count()
            default: try reader.skip()
            }
        }
        // The root is a directory without a name, in one without a path.
        let folder = HDFSPath(parent) ?? .root
        guard let path = name.isEmpty ? folder : folder.appending(name) else { throw reader.expected("a path") }
        self.init(path: path, snapshots: snapshots, limit: limit)
    }
}
