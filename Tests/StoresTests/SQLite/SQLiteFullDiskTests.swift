import Archiving
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

private let canFillDisks = canMount("full disks under a database")

@Suite(.enabled(if: canFillDisks)) struct SQLiteFullDiskTests {
    @Test(
        "a full scratch directory fails the snapshot with the code for space and leaves store and pin as they were",
        arguments: SQLiteFixture.Mode.allCases)
    func fullScratch(mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode, rows: 5000)
        let small = try MountedFileSystem.tmpfs(megabytes: 1)
        let failure = try #require(throws: (any Error).self) {
            let capture = try fixture.store.capture(CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: small.path))
            defer { fixture.store.release(capture, outcome: .abandoned) }
            _ = try fixture.store.image(of: capture, job: JobControl())
        }
        #expect(Failure(describing: failure).code == .space, "\(failure)")
        #expect(try Descriptor.openDirectory(small.path).isEmptyDirectory())
        #expect(try fixture.names() == ["accounts.db"])
        #expect(try fixture.count("account") == 5000)
    }

    @Test(
        "a restore that does not fit leaves the database as it was, and works when there is space", arguments: SQLiteFixture.Mode.allCases)
    func fullStore(mode: SQLiteFixture.Mode) throws {
        let large = try SQLiteFixture(mode, rows: 10_000)
        let image = try large.image()
        let disk = try MountedFileSystem.tmpfs(megabytes: 3)
        let path = Path.join(disk.path, "accounts.db")
        let store = SQLiteStore(StoreDeclaration(name: "accounts", kind: .sqlite, role: .metadata, path: path), host: .forTests())
        do {
            let connection = try SQLiteConnection(path: path, access: .creating)
            try connection.execute("PRAGMA journal_mode = \(mode.rawValue)")
            try SQLiteFixture.fill(connection, rows: 100)
        }
        let application = try SQLiteConnection(path: path)
        #expect(try application.integer("SELECT count(*) FROM account") == 100)
        let plan = try store.planRestore(of: image, scratch: large.scratch, job: JobControl())
        let error = try #require(throws: (any Error).self) { try store.apply(plan, of: image, scratch: large.scratch, job: JobControl()) }
        #expect(Failure(describing: error).code == .space, "\(error)")
        #expect(try application.integer("SELECT count(*) FROM account") == 100)
        #expect(try application.text("PRAGMA integrity_check") == "ok")
        try DirectoryFixture.run(["mount", "-o", "remount,size=64m", disk.path])
        _ = try store.apply(plan, of: image, scratch: large.scratch, job: JobControl())
        #expect(try application.integer("SELECT count(*) FROM account") == 10_000)
        #expect(try store.check(against: image, scratch: large.scratch, job: JobControl()) == StoreCheck())
    }

    @Test("a missing database that does not fit is not half there")
    func fullPlace() throws {
        let fixture = try SQLiteFixture(.wal, rows: 10_000)
        let image = try fixture.image()
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        let declaration = StoreDeclaration(name: "accounts", kind: .sqlite, role: .metadata, path: Path.join(disk.path, "accounts.db"))
        let store = SQLiteStore(declaration, host: .forTests())
        let plan = try store.planRestore(of: image, scratch: fixture.scratch, job: JobControl())
        let error = try #require(throws: (any Error).self) { try store.apply(plan, of: image, scratch: fixture.scratch, job: JobControl()) }
        #expect(Failure(describing: error).code == .space)
        #expect(try Descriptor.openDirectory(disk.path).isEmptyDirectory())
    }
}
