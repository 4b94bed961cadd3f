import ResticFormat
import Testing

@Suite("Chunker polynomials")
struct ChunkerPolynomialTests {
    @Test("those of restic are valid", arguments: [0x3D_A335_8B4D_C173, 0x2D_24B6_E192_E2EF] as [UInt64])
    func valid(_ polynomial: UInt64) { #expect(ChunkerPolynomial.isValid(polynomial)) }

    @Test("a product of two, another degree and a root at 0 or 1 are not valid")
    func invalid() {
        func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
            (0..<64).reduce(0) { right >> UInt64($1) & 1 == 1 ? $0 ^ left << UInt64($1) : $0 }
        }
        // x^26 + x^6 + x^2 + x + 1 and x^27 + x^5 + x^2 + x + 1 are in every table of irreducible polynomials.
        let reducible = product(1 << 26 | 0b1000111, 1 << 27 | 0b100111)
        #expect(reducible >> 53 == 1)
        #expect(!ChunkerPolynomial.isValid(reducible))
        #expect(!ChunkerPolynomial.isValid(product(0b111, 1 << 51 | 0b1001011)))
        for wrong in [0, 1, .max, 0x3D_A335_8B4D_C172, 0x3D_A335_8B4D_C171, 0x3D_A335_8B4D_C173 >> 1, 0x3D_A335_8B4D_C173 << 1] as [UInt64]
        {
            #expect(!ChunkerPolynomial.isValid(wrong))
        }
    }

    @Test("one in 27 candidates is irreducible, as the count of them says")
    func density() {
        var generator = SeededGenerator(seed: 7)
        let tries = 4000
        let found = (0..<tries).count { _ in ChunkerPolynomial.isValid(generator.next() & (1 << 53 - 1) | 1 << 53 | 1) }
        #expect((100...200).contains(found), "\(found) of \(tries)")
    }

    @Test("random ones are valid and differ; a source that is not random gives none")
    func random() throws {
        var generator = SeededGenerator(seed: 8)
        let made = try (0..<5).map { _ in
            try #require(ChunkerPolynomial.random { $0.copyBytes(from: generator.bytes($0.count)) })
        }
        #expect(made.allSatisfy { ChunkerPolynomial.isValid($0) })
        #expect(Set(made).count == 5)
        #expect(ChunkerPolynomial.random { _ in } == nil)
    }
}
