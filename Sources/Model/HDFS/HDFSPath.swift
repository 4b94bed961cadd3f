/// A place in HDFS: absolute, without `.` and `..`.
///
/// Names are UTF-8 and are compared byte for byte, as HDFS does: `é` in one scalar and in two are two files, though equal Swift strings.
package struct HDFSPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// `/`, or each name after a `/`.
    package let bytes: [UInt8]

    package static let root = HDFSPath(sound: [UInt8(ascii: "/")])

    private init(sound bytes: [UInt8]) { self.bytes = bytes }

    /// Repeated and final slashes are dropped. Nil for a relative path and for one with a component that ``isName(_:)`` refuses.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var bytes: [UInt8] = []
        for component in text.utf8.split(separator: UInt8(ascii: "/")) {
            guard Self.isName(Array(component)) else { return nil }
            bytes.append(UInt8(ascii: "/"))
            bytes.append(contentsOf: component)
        }
        self.init(sound: bytes.isEmpty ? Self.root.bytes : bytes)
    }

    /// Nil when `name` is not one.
    package func appending(_ name: [UInt8]) -> HDFSPath? {
        guard Self.isName(name) else { return nil }
        return HDFSPath(sound: (isRoot ? [] : bytes) + [UInt8(ascii: "/")] + name)
    }

    /// A place below this one, by its path from here: `a/b`.
    package func appending(relative path: String) -> HDFSPath? { HDFSPath((isRoot ? "" : text) + "/" + path) }

    /// Not empty, not `.` or `..`, UTF-8 without `/` and NUL. The NameNode refuses some more, such as names with a colon.
    package static func isName(_ name: [UInt8]) -> Bool {
        !name.isEmpty && name != [0x2E] && name != [0x2E, 0x2E] && !name.contains(0) && !name.contains(UInt8(ascii: "/"))
            && String(validating: name, as: UTF8.self) != nil
    }

    package var isRoot: Bool { bytes.count == 1 }

    /// The last component; empty for the root.
    package var name: [UInt8] { Array(bytes[(lastSlash + 1)...]) }

    /// The directory that it is in; the root is in itself.
    package var parent: HDFSPath { lastSlash == 0 ? .root : HDFSPath(sound: Array(bytes[..<lastSlash])) }

    private var lastSlash: Int { bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0 }

    /// Whether it is `other` or lies below it.
    package func isWithin(_ other: HDFSPath) -> Bool {
        self == other || other.isRoot || (bytes.starts(with: other.bytes) && bytes[other.bytes.count] == UInt8(ascii: "/"))
    }

    /// As it is, for the interface; see ``description`` for messages.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// In one line, without control characters.
    package var description: String { printable(text, limit: 1000) }

    package static func < (left: HDFSPath, right: HDFSPath) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
