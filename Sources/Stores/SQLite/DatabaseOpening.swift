import Glibc
import HostIO

/// How a database may be opened so that nothing is left beside it that its own program cannot use: a value, decided without opening anything.
struct DatabaseOpening: Hashable {
    enum Manner: Hashable {
        /// By SQLite's own locks.
        case locked
        /// Nobody uses it, and no files may be made for its locks: read without, and looked at again afterwards.
        case unlocked
        case refused(AccessObstacle)
    }

    enum Purpose { case reading, writing }

    var isWAL = false
    var hasLog = false
    /// The index of the log is there (`-shm`): every program that uses a database in WAL mode makes it.
    var hasIndex = false
    /// A transaction that was broken off has to be taken back before anybody can read.
    var hasHotJournal = false
    var mayWriteFolder = true
    var mayWriteDatabase = true
    /// Files that SQLite makes here can be used by the owner of the database.
    var leavesUsableFiles = true

    func manner(for purpose: Purpose, folder: String, user: String) -> Manner {
        if hasHotJournal, !mayWriteFolder || !mayWriteDatabase { return .refused(.journal(folder, user)) }
        guard isWAL, !hasIndex || !hasLog else { return .locked }
        let isUnclaimed = !hasIndex && (hasLog || !mayWriteFolder || !leavesUsableFiles)
        if purpose == .reading, isUnclaimed { return .unlocked }
        return leavesUsableFiles || !mayWriteFolder ? .locked : .refused(.foreignFiles(folder, user))
    }
}

extension DatabaseOpening {
    /// `isWAL` by the header. The database itself is not opened; its locks are looked at only where it matters.
    init(of files: DatabaseFiles, isWAL: Bool) throws {
        guard let status = try files.status() else { return }
        self.isWAL = isWAL
        mayWriteFolder = mayUse(files.folder, .write)
        mayWriteDatabase = mayUse(files.path, .write)
        leavesUsableFiles = mayWriteDatabase && Self.leavesUsableFiles(beside: status, in: files.folder)
        hasIndex = try files.status(suffix: "-shm") != nil
        hasLog = try files.status(suffix: "-wal") != nil
        let isHot = try !isWAL && files.beginsLikeJournal()
        // Whoever holds a lock for writing without an index uses it exclusively, or is in the transaction that the journal belongs to.
        guard isHot || isWAL && !hasIndex else { return }
        let isBeingWritten = DatabaseLocks(main: HeldLock.find(onFileAt: files.path), index: nil).isBeingWritten
        hasHotJournal = isHot && !isBeingWritten
        if isBeingWritten { hasIndex = true }
    }

    /// SQLite gives them the mode of the database, and as root its owner too.
    private static func leavesUsableFiles(beside status: FileStatus, in folder: String) -> Bool {
        let user = geteuid()
        if user == 0 || user == status.uid || status.mode & 0o002 != 0 { return true }
        guard let folder = try? statusOfPath(folder) else { return false }
        let group = folder.mode & 0o2000 != 0 ? folder.gid : getegid()
        return status.mode & 0o020 != 0 && group == status.gid
    }
}
