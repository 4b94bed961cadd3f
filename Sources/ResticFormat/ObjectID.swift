/// A SHA-256 that names something, tagged with what it names. 32 bytes, compared and hashed as such.
///
/// What tables of ids call is `@inlinable`, as a generic type is not specialised across modules otherwise.
package struct ObjectID<Named>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 32 bytes as four big-endian words, so that comparison is byte order.
    @usableFromInline
    package let words: SIMD4<UInt64>

    @inlinable
    package init(words: SIMD4<UInt64>) { self.words = words }

    /// Exactly 32 bytes.
    @inlinable
    package init(bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == 32, "an id is 32 bytes")
        words = SIMD4(
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)))
    }

    /// 64 lower-case hex digits; anything else is nil.
    package init?(hex: some StringProtocol) {
        var hex = String(hex)
        let parsed = hex.withUTF8 { ObjectID(hexDigits: UnsafeRawBufferPointer($0)) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// 64 lower-case hex digits in ASCII; anything else is nil.
    package init?(hexDigits digits: UnsafeRawBufferPointer) {
        guard digits.count == 64 else { return nil }
        var words = SIMD4<UInt64>()
        for index in 0..<8 {
            guard let half = HexWord.value(of: digits.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) else { return nil }
            words[index >> 1] = words[index >> 1] << 32 | half
        }
        self.words = words
    }

    @inlinable
    package static func == (left: ObjectID, right: ObjectID) -> Bool { left.words == right.words }

    @inlinable
    package func hash(into hasher: inout Hasher) { hasher.combine(words.x) }

    @inlinable
    package static func < (left: ObjectID, right: ObjectID) -> Bool {
        for index in 0..<4 where left.words[index] != right.words[index] { return left.words[index] < right.words[index] }
        return false
    }

    /// The 32 bytes, written at the start of `buffer`.
    @inlinable
    package func copyBytes(to buffer: UnsafeMutableRawBufferPointer) {
        for index in 0..<4 { buffer.storeBytes(of: words[index].bigEndian, toByteOffset: index * 8, as: UInt64.self) }
    }

    @inlinable
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = 32
        }
    }

    /// The 64 hex digits in ASCII, at the start of `target`, which has room for them.
    package func copyHex(to target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<4 {
            let target = UnsafeMutableRawPointer(target) + index * 16
            target.storeBytes(of: HexWord.digits(of: words[index] >> 32), as: UInt64.self)
            target.storeBytes(of: HexWord.digits(of: words[index] & 0xFFFF_FFFF), toByteOffset: 8, as: UInt64.self)
        }
    }

    package var hex: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            copyHex(to: start)
            return 64
        }
    }

    /// The first 8 hex digits, as restic shows ids to people.
    package var short: String { String(hex.prefix(8)) }

    package var description: String { hex }

    /// The same 32 bytes naming something else: a tree blob is a tree.
    @inlinable
    package func naming<Other>(_: Other.Type) -> ObjectID<Other> { ObjectID<Other>(words: words) }
}

package enum PackNamed {}
package enum BlobNamed {}
package enum TreeNamed {}
package enum SnapshotNamed {}
package enum IndexNamed {}
package enum KeyNamed {}
package enum LockNamed {}

package typealias PackID = ObjectID<PackNamed>
/// The SHA-256 of a blob's plain, uncompressed bytes.
package typealias BlobID = ObjectID<BlobNamed>
/// The blob id of a tree.
package typealias TreeID = ObjectID<TreeNamed>
package typealias SnapshotID = ObjectID<SnapshotNamed>
package typealias IndexID = ObjectID<IndexNamed>
package typealias KeyID = ObjectID<KeyNamed>
package typealias LockID = ObjectID<LockNamed>

/// What a blob holds (format section "Pack Format").
package enum BlobKind: UInt8, Sendable, CaseIterable {
    case data = 0
    case tree = 1

    package var name: String { self == .data ? "data" : "tree" }
}
