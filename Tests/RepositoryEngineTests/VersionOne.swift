import ObjectStorage
import ResticFormat
import TestSupport

@testable import RepositoryEngine

extension SampleRepository {
    /// Of format version 1, which knows no compression. The engine makes none of it, but works on those that restic made.
    static func version1() throws -> SampleRepository {
        let sample = try SampleRepository()
        try sample.storage.remove(RepositoryNames.config)
        let config = RepositoryConfig(version: 1, id: sample.repository.id, chunkerPolynomial: sample.repository.config.chunkerPolynomial)
        try sample.repository.files.writeConfig(config.encoded())
        return SampleRepository(
            storage: sample.storage, clock: sample.clock, host: sample.host, repository: try sample.reopened())
    }
}
