import Archiving
import ResticFormat

/// The directories of another source and nothing in them.
struct DirectoriesOnly: EntrySource {
    private let source: any EntrySource

    init(_ source: any EntrySource) { self.source = source }

    var description: String { source.description }
    var width: Int { source.width }

    func root() throws -> any SourceDirectory { Directory(try source.root()) }

    private final class Directory: SourceDirectory {
        private let directory: any SourceDirectory

        init(_ directory: any SourceDirectory) { self.directory = directory }

        func metadata() throws -> Node { try directory.metadata() }
        var isUnchanged: Bool { directory.isUnchanged }
        func formerPlace(of name: [UInt8]) -> [[UInt8]]? { directory.formerPlace(of: name) }
        func entries(_ issues: IssueCollector) throws -> [Node] { try directory.entries(issues).filter { $0.type == .dir } }
        func directory(listed node: Node) throws -> any SourceDirectory { Directory(try directory.directory(listed: node)) }
        func directory(named name: [UInt8]) throws -> any SourceDirectory { Directory(try directory.directory(named: name)) }
        func file(named name: [UInt8]) throws -> any SourceFile { try directory.file(named: name) }
    }
}
