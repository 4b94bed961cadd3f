import Archiving
import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport
import Testing

/// Every kind of object that PostgreSQL has goes through every path, and what comes back is what PostgreSQL's own programs said of the source.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(20))) struct PostgresZooTests {
    @Test func `dumps bring every kind of object to another server`() throws {
        let zoo = try ZooCluster(.dump)
        let image = try zoo.run.snapshot("a")
        let other = try ZooCluster(emptyFor: zoo)
        let issues = try other.run.restore(image).named.map(\.detail)
        #expect(issues.count == 2 && issues.allSatisfy { $0.contains(Self.words) }, "\(issues)")
        try expect(other.server, toHold: inventory(of: zoo.server), besides: NotKept.elsewhere)
    }

    private static let words = "security label provider \"nobody\" is not loaded"

    private func inventory(of server: PostgresServer) throws -> PostgresInventory { try PostgresInventory(of: server, toldBy: server) }

    private func expect(_ server: PostgresServer, toHold wanted: PostgresInventory, besides known: [String]) throws {
        let differences = wanted.differences(in: try inventory(of: server), besides: known)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test func `files bring every kind of object back in place, and to another server by way of a backup`() throws {
        let zoo = try ZooCluster(.files)
        let wanted = try inventory(of: zoo.server)
        let image = try zoo.run.snapshot("a")
        try PostgresZoo.damage(zoo.server)
        #expect(try zoo.run.restore(image).named.isEmpty)
        try expect(zoo.server, toHold: wanted, besides: NotKept.inFiles)

        let backup = try zoo.backup(of: image).image
        let other = try ZooCluster(emptyFor: zoo)
        let issues = try other.run.restore(backup).named.map(\.detail)
        #expect(issues.count == 2 && issues.allSatisfy { $0.contains(Self.words) }, "\(issues)")
        try expect(other.server, toHold: wanted, besides: NotKept.elsewhere + NotKept.inFiles)
    }
}
