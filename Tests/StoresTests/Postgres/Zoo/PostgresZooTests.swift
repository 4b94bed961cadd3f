import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Every kind of object that PostgreSQL has goes through every path, and what comes back is what PostgreSQL's own programs said of the source.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(20))) struct PostgresZooTests {
    private static let words = "security label provider \"nobody\" is not loaded"

    private func inventory(of server: PostgresServer) throws -> PostgresInventory { try PostgresInventory(of: server, toldBy: server) }

    private func expect(
        _ server: PostgresServer, toHold wanted: PostgresInventory, besides known: [String], ignoring ignored: String? = nil,
        _ place: SourceLocation = #_sourceLocation
    ) throws {
        let differences = wanted.differences(in: try inventory(of: server), besides: known, ignoring: ignored)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))", sourceLocation: place)
    }

    private func expectLabelsAlone(_ outcome: StoreRestoreOutcome, _ place: SourceLocation = #_sourceLocation) {
        let issues = outcome.named.map { "\($0.path): \($0.detail)" }
        #expect(issues.count == 2 && issues.allSatisfy { $0.contains(Self.words) }, "\(issues)", sourceLocation: place)
    }

    // MARK: Dumps

    @Test func `dumps bring every kind of object to another server, and back in place`() throws {
        let zoo = try ZooCluster(.dump)
        let wanted = try inventory(of: zoo.server)
        let image = try zoo.run.snapshot("a")
        let other = try ZooCluster(emptyFor: zoo)
        expectLabelsAlone(try other.run.restore(image))
        try expect(other.server, toHold: wanted, besides: NotKept.elsewhere)

        try PostgresZoo.damage(zoo.server)
        try zoo.server.sql("DELETE FROM ranged", in: "contrib")
        let plan = try zoo.run.plan(image)
        for words in [
            "contrib differs and stays as it is, because of the prepared transaction it's undecided",
            "the subscription waiting of the database zoo",
        ] {
            #expect(plan.cautions.contains { $0.contains(words) }, "\(plan.cautions)")
        }
        let first = try zoo.run.restore(image).named.map { "\($0.path): \($0.detail)" }
        #expect(first.count == 3 && first.contains { $0.hasPrefix("contrib: stays as it is") }, "\(first)")
        try zoo.server.sql("ROLLBACK PREPARED 'it''s undecided'", in: "contrib")
        expectLabelsAlone(try zoo.run.restore(image))
        try expect(
            zoo.server, toHold: wanted,
            besides: Array(NotKept.labels.suffix(1)) + NotKept.preparedTransactions + NotKept.inDumps + NotKept.endsOfValidity)
    }

    @Test func `dumps bring every kind of object to servers of later releases, as far as those have it`() throws {
        let zoo = try ZooCluster(.dump)
        let image = try zoo.run.snapshot("a")
        for release in drawn([PostgresServer.Release.seventeen, .eighteen], oneIn: 2, "releases of the zoo") {
            let other = try ZooCluster(emptyFor: zoo, release)
            try other.run.restore(image)
            let wanted = try PostgresInventory(of: zoo.server, toldBy: other.server, isOfOneRelease: false)
            let found = try PostgresInventory(of: other.server, toldBy: other.server, isOfOneRelease: false)
            let differences = wanted.differences(in: found, besides: NotKept.on(release))
            #expect(differences.isEmpty, "\(release): \(differences.joined(separator: "\n"))")
        }
    }

    @Test(.enabled(if: isLongRun), arguments: [PostgresServer.Release.seventeen, .eighteen])
    func `dumps of a later release bring every kind of object to another server of it`(_ release: PostgresServer.Release) throws {
        let zoo = try ZooCluster(.dump, release)
        let image = try zoo.run.snapshot("a")
        let other = try ZooCluster(emptyFor: zoo, release)
        try other.run.restore(image)
        try expect(other.server, toHold: inventory(of: zoo.server), besides: NotKept.elsewhere)
    }

    // MARK: Files

    @Test func `files bring every kind of object back in place, as parts, and to another server by way of a backup`() throws {
        let zoo = try ZooCluster(.files)
        let wanted = try inventory(of: zoo.server)
        let image = try zoo.run.snapshot("a")
        let (backup, contents) = try zoo.backup(of: image)
        try expectProof(of: image, nil, zoo)
        try expectProof(of: backup, contents.kept, zoo)

        try zoo.server.sql("SET zoo.allowed = 'yes'; DROP TABLE animal, sale CASCADE; DROP SCHEMA tools CASCADE", in: "zoo")
        let (database, whole) = try restore(StorePart(database: "zoo"), of: image, zoo)
        #expect(whole.issues.isEmpty, "\(whole)")
        let kept = try #require(database.keptAs)
        try expect(zoo.server, toHold: wanted, besides: NotKept.inDumps + NotKept.inFiles, ignoring: kept)
        try zoo.server.sql("ALTER EVENT TRIGGER forbids DISABLE", in: "zoo")
        let (_, table) = try restore(StorePart(database: "zoo", table: "public.animal", newName: "animal before"), of: image, zoo)
        #expect(table.isSame, "\(table)")
        let rows = "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM "
        #expect(try zoo.server.sql(rows + "animal a", in: "zoo") == zoo.server.sql(rows + "\"animal before\" a", in: "zoo"))

        try PostgresZoo.damage(zoo.server)
        #expect(try zoo.run.restore(image).named.isEmpty)
        try expect(zoo.server, toHold: wanted, besides: NotKept.inFiles)

        let other = try ZooCluster(emptyFor: zoo)
        expectLabelsAlone(try other.run.restore(backup))
        try expect(other.server, toHold: wanted, besides: NotKept.elsewhere + NotKept.inFiles)
    }

    private func restore(
        _ part: StorePart, of image: StoreImage, _ zoo: ZooCluster
    ) throws -> (plan: StorePartPlan, outcome: StorePartOutcome) {
        let plan = try zoo.run.adapter.planPart(part, of: image, scratch: zoo.run.scratch, job: JobControl())
        defer { zoo.run.adapter.releasePart(plan) }
        return (plan, try zoo.run.adapter.applyPart(plan, job: JobControl()))
    }

    /// A drill finds nothing wrong.
    private func expectProof(of image: StoreImage, _ kept: [KeptRows]?, _ zoo: ZooCluster, _ place: SourceLocation = #_sourceLocation)
        throws
    {
        var record = StoreRecord(
            name: "catalog", kind: .postgres, role: .metadata, path: "", image: .archived, began: Timestamp(seconds: 0),
            ended: Timestamp(seconds: 0))
        record.kept = kept
        let rehearsed = try zoo.run.adapter.rehearse(image, of: record, scratch: zoo.run.scratch, job: JobControl())
        defer { rehearsed.close() }
        let findings = rehearsed.findings
        #expect(findings.problems.isEmpty && findings.proofs.contains("pg_amcheck finds nothing"), "\(findings)", sourceLocation: place)
        let gaps = findings.gaps.filter { !$0.contains(Self.words) && kept != nil }
        #expect(gaps.isEmpty, "\(gaps)", sourceLocation: place)
    }
}
