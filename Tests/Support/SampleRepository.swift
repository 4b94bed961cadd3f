package import HostIO
package import ObjectStorage
package import RepositoryEngine

/// A new repository in memory with a clock that stands still.
package struct SampleRepository: Sendable {
    package static let password = Password("correct horse")
    package let storage: MemoryStorage
    package let clock: ManualClock
    package let host: Host
    package let repository: OpenRepository

    package init() throws {
        storage = MemoryStorage()
        clock = ManualClock()
        host = .forTests(clock: clock)
        repository = try OpenRepository.create(in: storage, password: Self.password, cost: .quick, host: host)
    }

    package init(storage: MemoryStorage, clock: ManualClock, host: Host, repository: OpenRepository) {
        self.storage = storage
        self.clock = clock
        self.host = host
        self.repository = repository
    }

    /// The same repository through another storage, as another process would open it.
    package func reopened(through storage: (any ObjectStorage)? = nil) throws -> OpenRepository {
        try .open(storage ?? self.storage, password: Self.password, host: host)
    }

    /// Names of the objects below a folder, in order.
    package func names(_ folder: String) throws -> [ObjectName] { try storage.list(folder).map(\.name).sorted() }
}
