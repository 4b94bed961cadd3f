import HostIO
import ObjectStorage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ContractTests {
    @Test(arguments: ObjectStorageContract.clauses) func memoryKeepsTheContract(clause: ObjectStorageContract.Clause) throws {
        try clause.check(MemoryStorage())
        try clause.check(MemoryStorage(capacity: 10 << 20))
    }

    @Test(arguments: ObjectStorageContract.clauses) func aDirectoryKeepsTheContract(clause: ObjectStorageContract.Clause) throws {
        let directory = try TemporaryDirectory()
        try clause.check(DirectoryStorage.create(at: directory.file("new/repository")))
        for entry in try FileTree.files(below: directory.path) { #expect(!entry.contains("-tmp-")) }
    }

    @Test(arguments: ObjectStorageContract.clauses) func decoratorsThatDoNothingKeepTheContract(
        clause: ObjectStorageContract.Clause
    ) throws {
        try clause.check(FaultyStorage(MemoryStorage()))
        try clause.check(RetryingStorage(MemoryStorage(), sleep: { _ in }))
    }

    @Test(arguments: ObjectStorageContract.clauses) func retriesHideFaultsThatPass(clause: ObjectStorageContract.Clause) throws {
        let faulty = FaultyStorage(MemoryStorage())
        for kind in StorageOperation.Kind.allCases {
            faulty.inject(Fault([kind], from: 2, times: 1, .fail(.inputOutput)))
            faulty.inject(Fault([kind], from: 5, times: 2, .failAfterEffect(.unreachable)))
        }
        try clause.check(RetryingStorage(faulty, policy: RetryPolicy(attempts: 12), sleep: { _ in }))
    }
}
