import CCrypto
package import ResticFormat

/// SHA-256 through libcrypto. One per thread.
package final class Hasher256 {
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    package init() throws {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { throw RepositoryError.library("EVP_MD_fetch") }
        guard let context = EVP_MD_CTX_new() else {
            EVP_MD_free(algorithm)
            throw RepositoryError.library("EVP_MD_CTX_new")
        }
        self.algorithm = algorithm
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    package func begin() { EVP_DigestInit_ex2(context, algorithm, nil) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        EVP_DigestUpdate(context, base, bytes.count)
    }

    package func finish<Named>(naming: Named.Type) -> ObjectID<Named> {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            EVP_DigestFinal_ex(context, digest.baseAddress, nil)
            return ObjectID<Named>(bytes: UnsafeRawBufferPointer(digest))
        }
    }

    package func hash<Named>(_ bytes: UnsafeRawBufferPointer, naming: Named.Type) -> ObjectID<Named> {
        begin()
        update(bytes)
        return finish(naming: naming)
    }
}
