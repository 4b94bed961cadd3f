import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract

/// A live directory that counts the entries whose content or metadata changed after the cut (by ctime).
final class WatchedSource: EntrySource {
    private let live: LocalDirectory
    private let cut: Timestamp
    private let changes: ChangeCounter

    init(_ live: LocalDirectory, since cut: Timestamp, changes: ChangeCounter) {
        self.live = live
        self.cut = cut
        self.changes = changes
    }

    var description: String { live.description }

    func conclude(_ issues: IssueCollector) { live.conclude(issues) }
    func root() throws -> any SourceDirectory { WatchedDirectory(try live.root(), cut, changes) }
}

private final class WatchedDirectory: SourceDirectory {
    private let live: any SourceDirectory
    private let cut: Timestamp
    private let changes: ChangeCounter

    init(_ live: any SourceDirectory, _ cut: Timestamp, _ changes: ChangeCounter) {
        self.live = live
        self.cut = cut
        self.changes = changes
    }

    func metadata() throws -> Node { try live.metadata() }

    func entries(_ issues: IssueCollector) throws -> [Node] {
        let nodes = try live.entries(issues)
        let later = nodes.count { ($0.ctime.seconds, $0.ctime.nanoseconds) > (cut.seconds, cut.nanoseconds) }
        if later > 0 { changes.add(later) }
        return nodes
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory { WatchedDirectory(try live.directory(named: name), cut, changes) }
    func file(named name: [UInt8]) throws -> any SourceFile { try live.file(named: name) }
}
