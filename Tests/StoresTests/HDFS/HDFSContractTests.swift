import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct HDFSContractTests {
    @Test(arguments: StoreAdapterContract.clauses) func aDirectoryOfHDFSKeepsTheContract(clause: StoreAdapterContract.Clause) throws {
        try clause.check(HDFSFixture())
    }
}
