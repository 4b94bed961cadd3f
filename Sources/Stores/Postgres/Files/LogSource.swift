import Archiving
import HostIO
import Model
import ResticFormat

/// What a base backup needs besides the files: its label, and the log from its start to its end, each segment marked as archived, so that
/// no server that is started on it archives it again.
struct LogSource {
    let directory: DataDirectory
    let segments: [String]
    let label: String
    let clock: any WallClock

    func make() throws -> any EntrySource {
        let root = try LocalDirectory(path: directory.path).root().metadata()
        let live = try LocalDirectory(path: directory.file("pg_wal")).root()
        let nodes = try live.entries(IssueCollector()).filter { $0.type == .file }
        let wanted = try segments.map { name -> Node in
            guard let node = nodes.first(where: { $0.name == Array(name.utf8) }) else { throw missing(name) }
            return node
        }
        let histories = nodes.filter { $0.name.ends(with: ".history") }
        let marks = segments.map { AssembledDirectory.Entry(node: made("\($0).done", like: root), part: .bytes([])) }
        let status = folder("archive_status", like: root)
        let log = AssembledDirectory(
            folder("pg_wal", like: root),
            (wanted + histories).map { AssembledDirectory.Entry(node: $0, part: .file(in: live)) }
                + [AssembledDirectory.Entry(node: status, part: .directory(AssembledDirectory(status, marks)))])
        var labelNode = made("backup_label", like: root)
        labelNode.size = UInt64(label.utf8.count)
        let top = AssembledDirectory(
            root,
            [
                AssembledDirectory.Entry(node: labelNode, part: .bytes(Array(label.utf8))),
                AssembledDirectory.Entry(node: folder("pg_wal", like: root), part: .directory(log)),
            ])
        return AssembledSource("the write-ahead log of \(directory.path)", top)
    }

    private func missing(_ name: String) -> Failure {
        Failure(
            .store, "\(directory.path): the write-ahead log \(name), which the image needs, is gone",
            hint: "raise max_slot_wal_keep_size, then run the command again")
    }

    /// An empty file, mode 0600, owned as `root` is.
    private func made(_ name: String, like root: Node) -> Node {
        let now = clock.now()
        var node = Node(name: Array(name.utf8), type: .file)
        node.mode = 0o600
        node.mtime = NodeTime(seconds: now.seconds, nanoseconds: now.nanoseconds)
        (node.atime, node.ctime) = (node.mtime, node.mtime)
        (node.uid, node.gid, node.user, node.group) = (root.uid, root.gid, root.user, root.group)
        node.links = 1
        return node
    }

    private func folder(_ name: String, like root: Node) -> Node {
        var node = made(name, like: root)
        node.type = .dir
        node.mode = FileMode.directory | 0o700
        node.content = nil
        return node
    }
}

extension [UInt8] {
    func ends(with text: String) -> Bool { count >= text.utf8.count && suffix(text.utf8.count).elementsEqual(text.utf8) }
}
