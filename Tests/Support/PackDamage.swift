/// What can befall the file of a pack.
package enum PackDamage: String, CaseIterable, Sendable {
    case lost, halved, withoutItsEnd, extended, flipped

    /// The file afterwards; nil: it is gone.
    package func afflict(_ bytes: [UInt8]) -> [UInt8]? {
        switch self {
        case .lost: return nil
        case .halved: return Array(bytes.prefix(bytes.count / 2))
        case .withoutItsEnd: return bytes.dropLast()
        case .extended: return bytes + [0]
        case .flipped:
            var bytes = bytes
            bytes[bytes.count / 3] ^= 0x10
            return bytes
        }
    }

    /// Whether only reading shows it.
    package var isInside: Bool { self == .flipped }
    /// Whether every blob can still be read.
    package var sparesBlobs: Bool { self == .withoutItsEnd || self == .extended }
}
