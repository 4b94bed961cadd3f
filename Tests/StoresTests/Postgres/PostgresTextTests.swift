import PostgresStore
import Testing

@Suite struct PostgresTextTests {
    @Test func `places in the log are read and written as the server does`() throws {
        #expect(LogPosition(parsing: "16/B374D848") == LogPosition(0x16_B374_D848))
        #expect(LogPosition(0x16_0000_0848).description == "16/848")
        for bad in ["", "/", "1", "1/", "/1", "1/2/3", "g/0", "100000000/0", "1/-2"] { #expect(LogPosition(parsing: bad) == nil, "\(bad)") }
    }

    @Test func `the segments of a stretch of the log`() {
        let segments = LogSegments(timeline: 3, size: 16 << 20)
        #expect(segments.names(from: LogPosition(0x300_0028), to: LogPosition(0x300_0100)) == ["000000030000000000000003"])
        #expect(
            segments.names(from: LogPosition(0xFF00_0028), to: LogPosition(0x1_0100_0000))
                == ["0000000300000000000000FF", "000000030000000100000000"])
        #expect(segments.names(from: LogPosition(5), to: LogPosition(5)).isEmpty)
        #expect(LogSegments.historyName(10) == "0000000A.history")
    }

    @Test(arguments: [
        ("16384", "16384 main false"), ("16384.12", "16384 main false"), ("16384_fsm", "16384 map false"),
        ("16384_vm.1", "16384 visibility false"),
        ("16384_init", "16384 initial false"), ("t3_16384", "16384 main true"), ("t12_16384_fsm.1", "16384 map true"),
    ])
    func `a file of a relation is known by its name`(_ name: String, _ parts: String) throws {
        let file = try #require(RelationFile(Array(name.utf8)))
        #expect("\(file.relation) \(file.fork) \(file.isTemporary)" == parts)
    }

    @Test(arguments: ["PG_VERSION", "pg_filenode.map", "", ".", "t", "t3", "t_1", "1.", "1_", "1_x", "1.x", "16384_fsm_x", "a1"])
    func `other files are not`(_ name: String) { #expect(RelationFile(Array(name.utf8)) == nil) }

    @Test func `what belongs to the running of a server is no part of an image`() {
        func kept(_ names: [String], _ place: DataDirectoryRules.Place) -> [String] {
            DataDirectoryRules.kept(names.map { Array($0.utf8) }, in: place).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(
            kept(["base", "postmaster.pid", "backup_label", "log", "postgresql.auto.conf", "recovery.signal", "pgsql_tmp"], .root)
                == ["base", "postgresql.auto.conf"])
        #expect(kept(["x"], .emptied).isEmpty)
        #expect(
            kept(["1", "1_fsm", "1_init", "2", "2_fsm", "t1_3", "PG_VERSION", "pg_internal.init.77", "pgsql_tmp3"], .database)
                == ["1_init", "2", "2_fsm", "PG_VERSION"])
        #expect(kept(["PG_15_202209061", "lost"], .tablespace) == ["PG_15_202209061"])
    }

    @Test func `records of the log are told apart by what they change`() {
        let text = """
            rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 0/04000028, prev 0/03000100, desc: CHECKPOINT_SHUTDOWN redo 0/4000028; tli 1; oid 13
            rmgr: Standby     len (rec/tot):     50/    50, tx:          0, lsn: 0/040000A0, prev 0/04000028, desc: RUNNING_XACTS nextXid 737
            rmgr: Heap2       len (rec/tot):     56/  8184, tx:          0, lsn: 0/040000D8, prev 0/040000A0, desc: PRUNE latestRemovedXid 736, blkref #0: rel 1663/5/1249 blk 61 FPW
            rmgr: XLOG        len (rec/tot):     49/  8001, tx:          0, lsn: 0/040020D8, prev 0/040000A0, desc: FPI_FOR_HINT , blkref #0: rel 1663/5/16390 blk 0 FPW

            """
        #expect(LogRecords(parsing: text).isEmpty)
        let more = """
            rmgr: Heap        len (rec/tot):     59/   299, tx:        736, lsn: 0/0165B1C0, prev 0/0165B188, desc: INSERT off 5 flags 0x08, blkref #0: rel 1663/5/16384 blk 0 FPW
            rmgr: Btree       len (rec/tot):     64/    64, tx:        736, lsn: 0/0165B2F0, prev 0/0165B1C0, desc: INSERT_LEAF off 1, blkref #0: rel 1663/5/16390 blk 1
            rmgr: Database    len (rec/tot):     42/    42, tx:        737, lsn: 0/0165B3F0, prev 0/0165B1C0, desc: CREATE_FILE_COPY copy dir 1663/1 to 1663/16397
            rmgr: Transaction len (rec/tot):     46/    46, tx:        736, lsn: 0/0165B330, prev 0/0165B2F0, desc: COMMIT 2026-11-26 00:29:55 UTC
            """
        let records = LogRecords(parsing: text + more)
        #expect(records.relations.sorted().map(\.file) == [16384, 16390] && records.relations.allSatisfy { $0.database == 5 })
        #expect(records.others == ["Database CREATE_FILE_COPY"])
    }

    @Test(arguments: [
        ("Heap        len (rec/tot):     59/   299, tx: 7, lsn: 0/0165B1C0, prev 0/0, desc: INSERT off 5", "0/165B2F0"),
        ("Heap        len (rec/tot):     59/  8000, tx: 7, lsn: 0/0165B1C0, prev 0/0, desc: INSERT off 5", "0/165D118"),
        ("Heap        len (rec/tot):     64/    64, tx: 7, lsn: 0/01FFFFE0, prev 0/0, desc: INSERT off 5", "0/2000048"),
        ("XLOG        len (rec/tot):     24/    24, tx: 0, lsn: 0/03000100, prev 0/03000028, desc: SWITCH ", "0/4000000"),
    ])
    func `a record ends behind its bytes and the headers of its pages`(_ line: String, _ end: String) {
        #expect(LogRecords.end(of: "rmgr: \(line)"[...], segmentSize: 16 << 20)?.description == end)
    }
}
