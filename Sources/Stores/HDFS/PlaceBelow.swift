import Model

/// A place below the root of a store, by its path from there: `a/b`; the root itself is empty. HDFS compares names byte for byte.
struct PlaceBelow: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    static let root = PlaceBelow(bytes: [])
    private static let slash = UInt8(ascii: "/")

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isRoot: Bool { bytes.isEmpty }
    /// The last component; empty for the root.
    var name: [UInt8] { Array(bytes[nameStart...]) }
    /// The directory that it is in; the root is in itself.
    var parent: PlaceBelow { PlaceBelow(bytes: Array(bytes[..<max(0, nameStart - 1)])) }
    var components: [[UInt8]] { bytes.split(separator: Self.slash).map(Array.init) }

    private var nameStart: Int { bytes.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0 }

    func appending(_ name: [UInt8]) -> PlaceBelow { PlaceBelow(bytes: isRoot ? name : bytes + [Self.slash] + name) }

    /// Whether it is `other` or lies below it.
    func isWithin(_ other: PlaceBelow) -> Bool {
        other.isRoot || self == other || (bytes.starts(with: other.bytes) && bytes[other.bytes.count] == Self.slash)
    }

    /// The same place after `old`, which it is within, has become `new`.
    func rebased(from old: PlaceBelow, to new: PlaceBelow) -> PlaceBelow {
        let rest = bytes[(old.isRoot ? 0 : min(bytes.count, old.bytes.count + 1))...]
        return rest.isEmpty ? new : new.appending(Array(rest))
    }

    /// For people.
    var text: String { isRoot ? "." : String(decoding: bytes, as: UTF8.self) }

    static func < (left: PlaceBelow, right: PlaceBelow) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension HDFSPath {
    /// The path of a place below this one.
    func appending(_ place: PlaceBelow) -> HDFSPath { place.components.reduce(self) { $0.appending($1) ?? $0 } }
}
