import Archiving
import DirectoryStore
import Glibc
import HostIO
import Model
import ResticFormat
import StoreContract
import TestSupport
import Testing

/// A store in which other file systems are mounted.
@Suite struct MountedInsideTests {
    /// Mounts below a store, unmounted when it goes.
    private final class Jail: Sendable {
        let home: TemporaryDirectory
        let path: String
        let store: DirectoryStore

        init() throws {
            home = try TemporaryDirectory()
            path = try home.folder("store")
            store = DirectoryStore(
                StoreDeclaration(name: "up", kind: .directory, role: .content, path: path), nativeImageFolder: nil, host: .forTests())
            try write("a", "a")
        }

        func write(_ name: String, _ text: String) throws { try AtomicFile.write(Array(text.utf8), to: Path.join(path, name), mode: 0o644) }

        func mount(_ kind: String, at name: String) throws {
            try makeDirectories(Path.join(path, name), mode: 0o755)
            try DirectoryFixture.run(["mount", "-t", kind, "none", Path.join(path, name)])
        }

        /// A FUSE file system whose server has died.
        func mountDead(at name: String) throws {
            try makeDirectories(Path.join(path, name), mode: 0o755)
            let place = Path.join(path, name)
            let script = "exec 9<>/dev/fuse; mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 dead '\(place)'"
            try DirectoryFixture.run(["sh", "-c", script])
        }

        func archive() throws -> (outcome: ArchiveOutcome, tree: ArchivedTree) {
            let capture = try store.capture(CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: home.folder("scratch")))
            return try ImageRepository().archive(try store.image(of: capture, job: JobControl()))
        }

        deinit {
            _ = try? ChildProcess.shell("findmnt -rno TARGET | grep '^\(path)/' | sort -r | xargs -r umount -l").run()
        }
    }

    private static let mayMount = canMount("file systems inside of stores")

    private func issues(_ outcome: ArchiveOutcome, _ kind: EntryIssue.Kind) -> [String] {
        outcome.issues.filter { $0.kind == kind }.map(\.path).sorted()
    }

    private func names(_ path: [String], _ tree: ArchivedTree) throws -> [String]? {
        try ImageTree.archived(tree).entries(of: path)?.map { FileName.text($0.name) }
    }

    @Test("what the kernel makes up is an empty directory in the image, named once; other mounts are walked", .enabled(if: mayMount))
    func kernelFileSystems() throws {
        let jail = try Jail()
        let kinds = ["proc", "sysfs", "devpts", "mqueue", "cgroup2", "devtmpfs", "tracefs", "debugfs", "securityfs", "bpf"]
        var mounted: [String] = []
        for kind in kinds where (try? jail.mount(kind, at: "jail/\(kind)")) != nil { mounted.append(kind) }
        #expect(mounted.contains("proc") && mounted.contains("sysfs") && mounted.contains("devtmpfs"))
        try jail.mount("tmpfs", at: "jail/data")
        try jail.write("jail/data/x", "x")
        try jail.write("version", "")
        try DirectoryFixture.run(["mount", "--bind", "/proc/version", Path.join(jail.path, "version")])
        let status = try jail.store.open()
        #expect(status.notes.contains { $0.contains("part of the store: jail/data (tmpfs)") })
        #expect(status.notes.contains { $0.contains("left out") && $0.contains("jail/proc (proc)") })
        #expect(try #require(status.bytes) < 1000)
        let (outcome, tree) = try jail.archive()
        #expect(issues(outcome, .leftOut) == (mounted.map { "jail/\($0)" } + ["version"]).sorted())
        #expect(outcome.issues.count == mounted.count + 1)
        for kind in mounted { #expect(try names(["jail", kind], tree) == [], "\(kind)") }
        #expect(try names(["jail", "data"], tree) == ["x"])
        #expect(try names([], tree) == ["a", "jail"])
        #expect(try jail.archive().tree.id == tree.id, "nothing of what the kernel counts is in the image")
        let host = Host.forTests()
        let inPlace = TreeRestore(image: .archived(tree), destination: jail.path, host: host)
        let plan = try inPlace.plan(job: JobControl())
        #expect(plan.created + plan.replaced + plan.metadataOnly == 0, "\(plan.examples)")
        let elsewhere = TreeRestore(image: .archived(tree), destination: jail.home.file("elsewhere"), host: host)
        let restored = try elsewhere.apply(try elsewhere.plan(job: JobControl()), job: JobControl())
        #expect(restored.issueCount == 0)
        #expect(try elsewhere.plan(job: JobControl()).isEmpty)
    }

    @Test("a mount that was made after the image is not touched by the way back", .enabled(if: mayMount))
    func mountedLater() throws {
        let jail = try Jail()
        try makeDirectories(Path.join(jail.path, "proc"), mode: 0o755)
        let (_, tree) = try jail.archive()
        try jail.mount("proc", at: "proc")
        try jail.mount("tmpfs", at: "later/data")
        try jail.write("later/data/precious", "not ours")
        try jail.write("later/gone", "x")
        let restore = TreeRestore(image: .archived(tree), destination: jail.path, host: .forTests())
        let outcome = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(outcome.issues.contains { $0.path.contains("later/data") || $0.detail.contains("later/data") })
        #expect(try statusOfPath(Path.join(jail.path, "later/data/precious")) != nil)
        #expect(try statusOfPath(Path.join(jail.path, "later/gone")) == nil)
        #expect(outcome.issueCount == 1, "\(outcome.issues)")
    }

    @Test("a mount whose server has died is one unreadable entry with its path, and keeps nothing else", .enabled(if: mayMount))
    func deadMount() throws {
        let jail = try Jail()
        try makeDirectories(Path.join(jail.path, "some/where"), mode: 0o755)
        let (_, before) = try jail.archive()
        try jail.mountDead(at: "some/where/dev")
        try jail.write("later", "x")
        let status = try jail.store.open()
        #expect(status.notes.contains { $0.contains("does not answer") && $0.contains("some/where/dev") })
        let (outcome, tree) = try jail.archive()
        #expect(issues(outcome, .unreadable) == ["some/where/dev"] && outcome.issueCount == 1)
        #expect(try names([], tree) == ["a", "later", "some"])
        let error = try #require(throws: (any Error).self) { try jail.store.destroy(job: JobControl()) }
        #expect(Failure(describing: error).code == .refused && Failure(describing: error).message.contains("some/where/dev"))
        let restore = TreeRestore(image: .archived(before), destination: jail.path, host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(try statusOfPath(Path.join(jail.path, "later")) == nil)
    }

    @Test("an automount point is left out, and nothing is mounted on it", .enabled(if: mayMount))
    func automount() throws {
        let jail = try Jail()
        let (place, pipe) = (try jail.home.folder("store/auto"), jail.home.file("pipe"))
        let script = "mkfifo '\(pipe)'; exec 9<>'\(pipe)'; mount -i -t autofs -o fd=9,pgrp=$$,minproto=5,maxproto=5,direct none '\(place)'"
        guard (try? DirectoryFixture.run(["sh", "-c", script])) != nil else { return print("skipped: this kernel has no autofs") }
        _ = try jail.store.open()
        let (outcome, tree) = try jail.archive()
        #expect(issues(outcome, .leftOut) == ["auto"] && outcome.issues.first?.detail.contains("automount") == true)
        #expect(try names(["auto"], tree) == [])
    }

    @Test("a store that does not answer itself is an error of the store", .enabled(if: mayMount))
    func deadStore() throws {
        let jail = try Jail()
        try jail.mountDead(at: "inner")
        let store = DirectoryStore(
            StoreDeclaration(name: "up", kind: .directory, role: .content, path: Path.join(jail.path, "inner")), nativeImageFolder: nil,
            host: .forTests())
        let error = try #require(throws: (any Error).self) { try store.open() }
        #expect(Failure(describing: error).code == .store)
    }
}
