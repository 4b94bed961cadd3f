import Glibc
import HostIO
import Model
import SQLiteStore
import StoreContract
import TestSupport
import Testing

private let canBind = canMount("databases on read-only mounts")

/// A database whose file system is mounted read-only: SQLite can make none of its files there.
@Suite(.enabled(if: canBind), .timeLimit(.minutes(2))) struct SQLiteReadOnlyTests {
    /// A mount of a folder onto itself, read-only while it lives.
    private final class ReadOnly {
        private let path: String

        init(_ path: String) throws {
            self.path = path
            try DirectoryFixture.run(["mount", "--bind", path, path])
            try DirectoryFixture.run(["mount", "-o", "remount,ro,bind", path])
        }

        deinit { try? DirectoryFixture.run(["umount", path]) }
    }

    private func crash(_ fixture: SQLiteFixture) throws {
        let connection = try fixture.connect()
        try connection.turn(.noCheckpointOnClose, on: true)
        try connection.execute("INSERT INTO log VALUES ('in the log only')")
        connection.close()
        for name in try fixture.names() where name.hasSuffix("-shm") { try removeTree(Path.join(Path.parent(fixture.path), name)) }
    }

    @Test("is captured with all that its log holds, and nothing is left beside it", arguments: [false, true], SQLiteFixture.Mode.allCases)
    func captured(crashed: Bool, mode: SQLiteFixture.Mode) throws {
        let fixture = try SQLiteFixture(mode)
        if crashed { try crash(fixture) }
        let names = try fixture.names()
        let image: StoreImage
        do {
            let mount = try ReadOnly(Path.parent(fixture.path))
            defer { withExtendedLifetime(mount) {} }
            #expect(try fixture.store.open().facts["user-version"] == "7")
            #expect(try !fixture.store.isEmpty())
            image = try fixture.image()
            #expect(try fixture.names() == names)
            #expect(try fixture.plan(image).isEmpty)
        }
        #expect(try fixture.plan(image).isEmpty)
        try fixture.connect().execute("DELETE FROM account; DELETE FROM log")
        _ = try fixture.restore(image)
        #expect(try fixture.count("account") == 500)
        #expect(try fixture.count("log") == (crashed ? 1 : 0))
    }

    @Test("cannot be restored there, and the reason is the mount")
    func restored() throws {
        let fixture = try SQLiteFixture(.wal)
        let image = try fixture.image()
        try fixture.connect().execute("DELETE FROM account")
        let mount = try ReadOnly(Path.parent(fixture.path))
        defer { withExtendedLifetime(mount) {} }
        let error = try #require(throws: (any Error).self) { try fixture.restore(image) }
        let failure = Failure(describing: error)
        #expect(
            "\(failure.summary) \(failure.hint ?? "")".contains("read-only") || failure.hint?.contains("read-write") == true, "\(failure)")
    }

    @Test("that somebody writes by way of another mount while it is copied gives no image")
    func writtenMeanwhile() throws {
        let fixture = try SQLiteFixture(.wal)
        try crash(fixture)
        let folder = Path.parent(fixture.path)
        let other = try fixture.home.folder("other")
        try DirectoryFixture.run(["mount", "--bind", folder, other])
        defer { try? DirectoryFixture.run(["umount", other]) }
        let mount = try ReadOnly(folder)
        defer { withExtendedLifetime(mount) {} }
        let capture = try fixture.capture()
        defer { fixture.store.release(capture, outcome: .abandoned) }
        try DirectoryFixture.run(["sqlite3", Path.join(other, "accounts.db"), "INSERT INTO log VALUES ('now')"])
        let error = try #require(throws: (any Error).self) { try fixture.store.image(of: capture, job: JobControl()) }
        #expect(Failure(describing: error).code == .store)
    }
}
