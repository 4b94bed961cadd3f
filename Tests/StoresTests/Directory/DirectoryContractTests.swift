import HostIO
import StoreContract
import TestSupport
import Testing

@Suite struct DirectoryContractTests {
    @Test(arguments: StoreAdapterContract.clauses, DirectoryFixture.Place.available)
    func aDirectoryKeepsTheContract(clause: StoreAdapterContract.Clause, place: DirectoryFixture.Place) throws {
        try clause.check(DirectoryFixture(place))
    }
}
