import Archiving
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Testing
import TestSupport

/// Whole directories with every kind of entry, from restic to us and back.
@Suite(.enabled(if: Restic.isInstalled && isRoot), .timeLimit(.minutes(10)))
struct ArchiveInteropTests {
    /// One of each kind of entry that a directory can hold, and awkward names. Files are smaller than restic's smallest chunk.
    private static let everything = """
        set -e
        mkdir -p deep/er/est 'with space' "$(printf 'n\\303\\266t ascii')"
        printf hello > plain; : > empty; head -c 200000 /dev/zero > zeros; seq 1 20000 > numbers
        truncate -s 300000 sparse; printf end >> sparse
        printf x > "$(printf 'b\\377d \\\\ "quoted" \\t<&>')"; printf x > "$(printf '\\342\\200\\250')"
        ln plain hard; ln plain deep/er/hard; ln -s plain sym; ln -s /nowhere/else dangling; ln -s "$(printf 'b\\377d')" badlink
        mkfifo pipe; mknod null c 1 3; mknod block b 7 200
        chmod 4711 numbers; chmod 2755 deep; chmod 1777 'with space'; chmod 000 empty; chown 9:8 zeros; chown -h 5:6 sym
        setfattr -n user.key -v value plain; setfattr -n user.bin -v 0x00ff0a deep; setfacl -m u:12:rw,g:13:r numbers; setfacl -d -m u:12:rx deep
        touch -d '1969-12-31 23:59:58.5' deep/er/old; touch -d '2011-11-11 11:11:11.123456789' hard; touch -h -d '2001-01-01' dangling
        touch -d '2150-01-01' deep/er/future; touch -d '2020-02-29 12:00:00.5' deep/er/est 'with space'
        """

    private func make(_ shared: SharedRepository) throws -> String {
        let path = try shared.directory.folder("source")
        try Self.shell("cd '\(path)'; " + Self.everything)
        return path
    }

    @discardableResult
    private static func shell(_ command: String) throws -> String {
        let outcome = try ChildProcess.shell(command).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: [command], outcome: outcome) }
        return outcome.outputText
    }

    /// Everything that the system's own tools tell of a directory's entries; inode numbers, change and access times left out.
    private static func portrait(_ path: String) throws -> String {
        try shell(
            """
            cd '\(path)'; export LC_ALL=C
            find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%T@|%l|%n|' '(' -type f -printf '%s\\n' ')' -o -printf '\\n' | sort
            find . -mindepth 1 ! -type d -links +1 -printf '%i %P\\n' | sort -k 2 | awk '{ if (!($1 in n)) n[$1] = ++c; $1 = n[$1]; print }'
            find . '(' -type b -o -type c ')' -exec stat -c '%n %t:%T' '{}' + | sort
            find . -mindepth 1 -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex --
            find . -type f -print0 | sort -z | xargs -0 sha256sum
            """)
    }

    private func archive(_ path: String, into repository: OpenRepository, parent: TreeID? = nil) throws -> ArchiveOutcome {
        let writer = try repository.beginWriting()
        let outcome = try Archiver(writer: writer, host: repository.host).archive(
            LocalDirectory(path: path), parent: parent, shape: .contentDefined, job: JobControl())
        _ = try writer.finish()
        return outcome
    }

    @Test("A directory that restic backed up is restored by us with all its metadata, and with links that restic itself does not make")
    func theirsRestored() throws {
        let shared = try SharedRepository()
        try shared.createByRestic()
        let source = try make(shared)
        try Self.shell("cd '\(source)'; ln pipe deep/pipe; ln null deep/null; ln sym deep/sym")
        try shared.restic.run("backup", ".", workingDirectory: source)
        let repository = try shared.open()
        let snapshot = try #require(try repository.snapshots().snapshots.first)
        let tree = ArchivedTree(repository: try repository.loadIndex(), id: snapshot.file.tree)
        let restore = TreeRestore(image: .archived(tree), destination: shared.directory.file("restored"), host: shared.host)
        let outcome = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(outcome.issueCount == 0)
        #expect(try Self.portrait(shared.directory.file("restored")) == Self.portrait(source))
        expectSound(repository)
    }

    @Test("The tree that we make of small files says what restic's says, and takes over all files of it as unchanged")
    func sameTree() throws {
        let shared = try SharedRepository()
        try shared.createByRestic()
        let source = try make(shared)
        try shared.restic.run("backup", ".", workingDirectory: source)
        let repository = try shared.open()
        let theirs = try #require(try repository.snapshots().snapshots.first).file.tree
        let outcome = try archive(source, into: repository)
        let index = try repository.loadIndex()
        #expect(try differences(theirs, outcome.tree, in: index) == [])
        let again = try archive(source, into: repository, parent: theirs)
        #expect(again.totals.filesUnchanged == again.totals.files && again.totals.files >= 11 && again.totals.bytesRead == 0)
        expectSound(repository)
    }

    private func differences(_ theirs: TreeID, _ ours: TreeID, in index: IndexedRepository) throws -> [String] {
        let left = try index.tree(theirs, using: index.makeOpener()).nodes
        let right = try index.tree(ours, using: index.makeOpener()).nodes
        guard left.map(\.name) == right.map(\.name) else { return ["names differ"] }
        return try zip(left, right).flatMap { left, right in
            var found: [String] = []
            if let first = left.subtree, let second = right.subtree { found = try differences(first, second, in: index) }
            let (first, second) = (normal(left), normal(right))
            if first != second {
                found.append(
                    "restic: \(String(decoding: first.encoded(), as: UTF8.self)) ours: \(String(decoding: second.encoded(), as: UTF8.self))"
                )
            }
            return found
        }
    }

    /// Without what the two mean to do differently: ours keeps devices only where links need them, sorts attributes, counts links of all
    /// kinds, and keeps link targets that are not UTF-8.
    private func normal(_ node: Node) -> Node {
        var node = node
        node.deviceID = 0
        node.subtree = nil
        node.extendedAttributes.sort { $0.name.lexicographicallyPrecedes($1.name) }
        if node.type != .file { node.links = 0 }
        if node.linkTarget.contains(where: { $0 >= 0x80 }) { node.linkTarget = [] }
        return node
    }

    @Test("A directory that we archived is restored by restic with all its metadata, and again after restic added to it")
    func oursRestored() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        let source = try make(shared)
        let outcome = try archive(source, into: repository)
        var file = SnapshotFile(time: NodeTime(shared.host.clock.now()), tree: outcome.tree, paths: [source])
        file.hostname = "testhost"
        let ours = try repository.save(file)
        try shared.restic.check()
        try shared.restic.run("restore", ours.hex, "--target", shared.directory.file("restored"))
        #expect(try Self.portrait(shared.directory.file("restored")) == Self.portrait(source))
        try shared.restic.run("backup", "--parent", ours.hex, ".", workingDirectory: source)
        try shared.restic.check()
        expectSound(repository)
        // restic's own words on the two, which should be none.
        let ids = try repository.snapshots().snapshots.map(\.id.hex)
        let difference = try shared.restic.run("diff", ids[0], ids[1])
        #expect(difference.contains("Files:           0 new,     0 removed,     0 changed"), "\(difference)")
    }
}
