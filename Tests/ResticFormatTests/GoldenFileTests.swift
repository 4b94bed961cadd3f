import Model
import ResticFormat
import Testing

@Suite("Small files that restic wrote")
struct GoldenFileTests {
    private func expectSame<File: JSONFile>(_: File.Type, _ fixture: Fixture) throws -> File {
        let file = try File(decoding: fixture.bytes)
        #expect(text(file.encoded()) == text(fixture.bytes))
        return file
    }

    @Test("config")
    func config() throws {
        let config = try expectSame(RepositoryConfig.self, Fixture.only("config"))
        #expect(config.version == 2)
        #expect(config.id.utf8.count == 64)
    }

    @Test("key and master key")
    func keys() throws {
        let fixture = try Fixture.only("key")
        let key = try expectSame(KeyFile.self, fixture)
        #expect(fixture.sha256 == fixture.id)
        #expect(key.cost == 32_768)
        #expect(key.salt.count == KeyFile.saltLength)
        _ = try expectSame(MasterKeyFile.self, Fixture.only("masterkey"))
    }

    @Test("lock, and our own members in one")
    func locks() throws {
        var lock = try expectSame(LockFile.self, Fixture.only("lock"))
        #expect(lock.username == "www-data")
        #expect(lock.uid == 33)
        #expect(!lock.isExclusive)
        lock.program = "holdfast"
        lock.purpose = "prune"
        #expect(text(lock.encoded()).hasSuffix(",\"gid\":33,\"program\":\"holdfast\",\"purpose\":\"prune\"}"))
        #expect(try LockFile(decoding: lock.encoded()) == lock)
        lock.owner = LockFile.Owner(machine: "m-1", boot: "b-1", namespaces: "pid:[7] time:[8]", started: .max)
        #expect(
            text(lock.encoded()).hasSuffix(
                "\"purpose\":\"prune\",\"machine\":\"m-1\",\"boot\":\"b-1\",\"namespaces\":\"pid:[7] time:[8]\",\"started\":18446744073709551615}"
            ))
        #expect(try LockFile(decoding: lock.encoded()) == lock)
    }

    @Test("snapshots", arguments: try Fixture.all("snapshot"))
    func snapshots(_ fixture: Fixture) throws {
        let snapshot = try expectSame(SnapshotFile.self, fixture)
        #expect(snapshot.hostname == "vm")
        #expect(!snapshot.paths.isEmpty)
    }

    @Test("a snapshot of restic 0.17 and later has a summary")
    func summary() throws {
        let json =
            #"{"time":"2026-01-02T03:04:05Z","tree":"\#(String(repeating: "ab", count: 32))","paths":["/a"],"uid":7,"gid":8,"#
            + #""program_version":"restic 0.19.1","summary":{"backup_start":"2026-01-02T03:04:05Z","backup_end":"2026-01-02T03:04:06.5Z","#
            + #""files_new":1,"files_changed":2,"files_unmodified":3,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":7,"#
            + #""tree_blobs":8,"data_added":9,"data_added_packed":10,"total_files_processed":11,"total_bytes_processed":12}}"#
        let snapshot = try SnapshotFile(decoding: Array(json.utf8))
        #expect(snapshot.summary?.totalBytesProcessed == 12)
        #expect(text(snapshot.encoded()) == json)
    }

    @Test(
        "what lacks a member or has a wrong one is refused",
        arguments: [
            #"{"version":3,"id":"a","chunker_polynomial":"2d24b6e192e2ef"}"#, #"{"version":2,"chunker_polynomial":"2d24b6e192e2ef"}"#,
            #"{"version":2,"id":"a","chunker_polynomial":"2d24b6e192e2ee"}"#, #"{"version":2,"id":"a","chunker_polynomial":"zz"}"#,
            #"{"version":2,"id":"a"}"#, #"{"version":"2","id":"a","chunker_polynomial":"2d24b6e192e2ef"}"#,
        ])
    func brokenConfig(_ text: String) { #expect(throws: FormatError.self) { try RepositoryConfig(decoding: Array(text.utf8)) } }

    @Test("a key of another derivation, a wrong salt or no cost is refused")
    func brokenKeys() throws {
        let good = text(try Fixture.only("key").bytes)
        for (old, new) in [("scrypt", "argon2"), ("\"N\":32768", "\"N\":1"), ("\"r\":8", "\"r\":0"), ("\"salt\":\"", "\"salt\":\"AAAA")] {
            #expect(good.contains(old))
            #expect(throws: FormatError.self) { try KeyFile(decoding: Array(good.replacing(old, with: new).utf8)) }
        }
        #expect(throws: FormatError.self) { try MasterKeyFile(decoding: Array(#"{"mac":{"k":"AA==","r":"AA=="},"encrypt":"AA=="}"#.utf8)) }
        #expect(throws: FormatError.self) { try SnapshotFile(decoding: Array(#"{"time":"2026-01-02T03:04:05Z","paths":[]}"#.utf8)) }
        #expect(throws: FormatError.self) { try LockFile(decoding: Array("{}".utf8)) }
    }

    @Test("an error says which file, what and where")
    func errors() {
        let damaged = FormatError(.index, .missing("id of a pack"), at: 7).failure
        #expect(damaged.code == .damaged)
        #expect(damaged.message == "index is not valid: id of a pack is missing at byte 7")
        #expect(FormatError(.config, .unsupported("repository version 3")).failure.code == .refused)
    }
}
