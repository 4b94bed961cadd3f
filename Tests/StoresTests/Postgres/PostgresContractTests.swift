import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct PostgresContractTests {
    @Test(arguments: PostgresFixture.Form.available, StoreAdapterContract.clauses)
    func aServerKeepsTheContract(form: PostgresFixture.Form, clause: StoreAdapterContract.Clause) throws {
        try clause.check(PostgresFixture(form))
    }
}
