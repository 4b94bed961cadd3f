/// Polynomials over GF(2) as restic's chunker wants them: degree 53, irreducible. Bit n is the coefficient of x^n.
package enum ChunkerPolynomial {
    package static let degree = 53

    /// Whether the polynomial has degree 53 and no factor. 53 is prime, so Rabin's test asks two things only: that
    /// x^(2^53) = x modulo the polynomial, and that it has no linear factor, which is no root at 0 or 1.
    package static func isValid(_ polynomial: UInt64) -> Bool {
        guard polynomial >> UInt64(degree) == 1, polynomial & 1 == 1, polynomial.nonzeroBitCount & 1 == 1 else { return false }
        var power: UInt64 = 2
        for _ in 0..<degree { power = multiply(power, power, modulo: polynomial) }
        return power == 2
    }

    /// A random valid polynomial; one candidate in 27 is. Nil when 10,000 candidates were not, which means that `fill` gives no
    /// random bytes.
    package static func random(_ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows -> UInt64? {
        for _ in 0..<10_000 {
            var candidate: UInt64 = 0
            try withUnsafeMutableBytes(of: &candidate) { try fill($0) }
            candidate &= 1 << UInt64(degree) - 1
            candidate |= 1 << UInt64(degree) | 1
            if isValid(candidate) { return candidate }
        }
        return nil
    }

    /// Both factors are of a degree below 53.
    private static func multiply(_ left: UInt64, _ right: UInt64, modulo polynomial: UInt64) -> UInt64 {
        var product: UInt64 = 0
        for bit in stride(from: degree - 1, through: 0, by: -1) {
            product <<= 1
            if product >> UInt64(degree) & 1 == 1 { product ^= polynomial }
            if right >> UInt64(bit) & 1 == 1 { product ^= left }
        }
        return product
    }
}
