import Archiving
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)), .enabled(if: Restic.isInstalled)) struct ResticInteropTests {
    @Test(.enabled(if: isRoot)) func `restic checks and restores what was archived, with all metadata`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.folder("tree/sub")
        var random = SeededRandom(seed: 31)
        try writeFile(path + "/large", random.bytes(12 << 20))
        for index in 0..<50 { try writeFile("\(path)/\(index)", random.text(index * 997)) }
        try shell(
            """
            cd '\(path)'; ln 1 one; ln -s one sym; mkfifo pipe; mknod null c 1 3; setfattr -n user.k -v v 2; setfacl -m u:12:rw 3; chown 9:8 4; chmod 4711 5
            printf '' > "$(printf 'b\\377d')"; touch -d '2011-11-11 11:11:11.123456789' 6; ln -s "$(printf 't')" sym2; touch -h -d '2001-01-01' sym
            """)
        let repository = try folder.folder("repository")
        let fixture = try ArchiveFixture(DirectoryStorage(repository))
        let outcome = try fixture.archive(folder.file("tree"))
        #expect(outcome.issueCount == 0)
        var snapshot = SnapshotFile(time: NodeTime(fixture.host.clock.now()), tree: outcome.tree, paths: ["/tree"])
        snapshot.hostname = "testhost"
        _ = try fixture.repository.repository.save(snapshot)
        fixture.unlock()
        let restic = try Restic(repository)
        try restic.check()
        try restic.run("restore", "latest", "--target", folder.file("restored"))
        // restic leaves sockets out, and the root's own metadata are not in the tree.
        #expect(try TreePortrait.of(folder.file("restored")).dropFirst() == TreePortrait.of(folder.file("tree")).dropFirst())
    }
}
