import Model
import Snapshots
import Standby
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(20))) struct PostgresZooStandbyTests {
    @Test func `a standby that keeps files has every kind of object after its promotion, as the active cluster had it last`() throws {
        let sites = try PostgresSites(settings: PostgresZoo.settings)
        try PostgresZoo.fill(sites.a)
        try sites.backup("first")
        try sites.start("b")
        try PostgresZoo.damage(sites.a)
        try sites.backup("second")
        #expect(try sites.sync("b").stores[0].isEqual)
        let wanted = try PostgresInventory(of: sites.a, toldBy: sites.a)
        _ = try sites.promote("b")
        let found = try PostgresInventory(of: sites.b, toldBy: sites.a)
        let differences = wanted.differences(in: found, besides: PostgresZoo.lostInFiles)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
