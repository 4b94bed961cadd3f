import HostIO
import StoreContract
import TestSupport
import Testing

@Suite struct DirectoryContractTests {
    @Test(arguments: StoreAdapterContract.clauses) func aDirectoryKeepsTheContract(clause: StoreAdapterContract.Clause) throws {
        try clause.check(DirectoryFixture(.plain))
    }

    @Test("a directory on a file system with native images keeps the contract", arguments: DirectoryFixture.Place.mounted)
    func native(place: DirectoryFixture.Place) throws {
        let mount = try DirectoryFixture.mount(for: place)
        for clause in StoreAdapterContract.clauses {
            do { try clause.check(DirectoryFixture(place, on: mount)) } catch { Issue.record("\(clause.name): \(error)") }
        }
    }
}
