import Model
import Testing

@Suite struct FailureTests {
    /// The table that scripts rely on; a change here is a change of the command line's contract.
    static let statuses: [FailureCode: Int32] = [
        .usage: 64, .clusterFile: 3, .notFound: 4, .exists: 5, .refused: 6, .password: 7, .locked: 8, .store: 9, .storage: 10, .space: 11,
        .damaged: 12, .hook: 13, .incomplete: 14, .fenced: 15, .cancelled: 130, .internal: 1,
    ]

    @Test func `every code has its exit status, no two the same`() {
        for code in FailureCode.allCases { #expect(code.exitStatus == Self.statuses[code]) }
        #expect(Set(FailureCode.allCases.map(\.exitStatus)).count == FailureCode.allCases.count)
        #expect(FailureCode.allCases.allSatisfy { $0.exitStatus > 0 && $0.exitStatus < 256 })
    }

    @Test func `an unknown error is a defect and says what it was`() {
        struct Odd: Error {}
        let failure = Failure(describing: Odd())
        #expect(failure.code == .internal)
        #expect(failure.cause == "Odd()")
        #expect(Failure(describing: Failure(.locked, "busy")) == Failure(.locked, "busy"))
    }
}
