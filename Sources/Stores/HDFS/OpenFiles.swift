import Archiving
import Model
import WebHDFS

/// Files that were open for writing when a snapshot was made. HDFS does not fix their length: they grow on inside the snapshot until they are closed,
/// and no comparison of snapshots names them. So it is noted how far each reached.
struct OpenFiles {
    /// Files that are noted of one image, at most: about a megabyte of a manifest.
    private static let most = 10_000
    /// The NameNode looks at some ten thousand files a second; from so many on each file that a backup reads is asked for instead.
    private static let mostLookedAt: UInt64 = 1_000_000

    let client: HDFSClient
    let directory: HDFSPath
    /// Its name.
    let snapshot: String
    /// How many it holds.
    let files: UInt64

    /// To be asked for soon after the snapshot was made; nil when HDFS does not say which files are open, or there are too many.
    func find() throws -> [OpenFile]? {
        guard files <= Self.mostLookedAt, let paths = try client.openFiles(below: directory), paths.count <= Self.most else { return nil }
        let found = try paths.compactMap(look)
        guard !found.isEmpty else { return [] }
        // What was written to since has a length of its own in the snapshot.
        let changes = SnapshotChanges(try client.snapshotDiff(of: directory, from: snapshot, to: nil))
        let changed = Set(changes.modified + changes.deleted)
        return found.filter { !changed.contains(PlaceBelow($0)) }
    }

    /// Nil for one that is not open any more, or was not there when the snapshot was made.
    private func look(_ path: HDFSPath) throws -> OpenFile? {
        guard path.isWithin(directory), let status = try client.status(of: path), status.kind == .file,
            try client.blocks(of: path) == nil
        else { return nil }
        let place = PlaceBelow(bytes: Array(path.bytes.dropFirst(directory.isRoot ? 1 : directory.bytes.count + 1)))
        guard let inside = directory.snapshot(snapshot)?.appending(place), try client.status(of: inside)?.fileID == status.fileID else {
            return nil
        }
        let visible = (try? client.visibleLength(of: path)) ?? status.length
        return OpenFile(path: place.text, length: max(visible, status.length), id: status.fileID)
    }
}

extension PlaceBelow {
    init(_ file: OpenFile) { self.init(bytes: Array(file.path.utf8)) }
}

extension HDFSImage {
    /// As far as the file reached when the snapshot was made; nil for one that was closed then.
    func openFile(at place: PlaceBelow, _ status: HDFSFileStatus) -> OpenFile? {
        guard let file = open[place], file.id == status.fileID, status.kind == .file else { return nil }
        return file
    }

    /// Where the bytes of a file that was open are to be had, and how many: the snapshot itself shows only what the NameNode knows, and the file itself,
    /// wherever it is by now, all that could be read.
    func reach(of file: OpenFile, at place: PlaceBelow, _ status: HDFSFileStatus) -> (path: HDFSPath, length: UInt64) {
        let inside = path(of: place)
        if status.length >= file.length { return (inside, file.length) }
        guard let live = HDFSPath.inode(file.id), let visible = try? client.visibleLength(of: live) else { return (inside, status.length) }
        return visible >= file.length ? (live, file.length) : visible > status.length ? (live, visible) : (inside, status.length)
    }

    /// Whether somebody is writing the file, where it was not noted which ones were open.
    func isBeingWritten(_ status: HDFSFileStatus) throws -> Bool {
        guard !isOpenKnown, let live = HDFSPath.inode(status.fileID) else { return false }
        do throws(HDFSError) { return try client.blocks(of: live) == nil } catch {
            // It is in the snapshot only; or it may not be read, which whoever reads it finds too.
            if error.kind == .notFound || error.kind == .invalid || error.kind == .permission { return false }
            throw error
        }
    }
}
