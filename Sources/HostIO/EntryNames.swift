import Glibc

/// The names of a directory's entries, which may be a million, in one piece of memory: some thirty bytes each.
package struct EntryNames: Sendable {
    /// Each with a NUL behind it.
    private var bytes: [UInt8] = []
    /// Where they begin.
    private var starts: [Int] = []

    package init() {}

    package var count: Int { starts.count }

    package subscript(_ index: Int) -> [UInt8] {
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return [] }
            let start = UnsafeRawPointer(base + starts[index])
            return Array(UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
        }
    }

    /// `.`, `..` and what no entry can be called are passed over.
    mutating func add(_ name: UnsafeRawBufferPointer) {
        guard !name.isEmpty, !name.contains(UInt8(ascii: "/")), !name.contains(0) else { return }
        if name[0] == UInt8(ascii: "."), name.count == 1 || name.count == 2 && name[1] == UInt8(ascii: ".") { return }
        starts.append(bytes.count)
        bytes.append(contentsOf: name)
        bytes.append(0)
    }

    /// In byte order.
    mutating func sort() {
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            let text = UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self)
            starts.sort { strcmp(text + $0, text + $1) < 0 }
        }
    }

    /// Those that end in one of `endings`, or are one, in order.
    package func ending(in endings: [[UInt8]]) -> [[UInt8]] {
        bytes.withUnsafeBufferPointer { bytes -> [[UInt8]] in
            guard let base = bytes.baseAddress else { return [] }
            return starts.compactMap { start in
                let name = UnsafeRawPointer(base + start)
                let count = strlen(name.assumingMemoryBound(to: CChar.self))
                let isMatch = endings.contains { $0.count <= count && memcmp(name + (count - $0.count), $0, $0.count) == 0 }
                return isMatch ? Array(UnsafeRawBufferPointer(start: name, count: count)) : nil
            }
        }
    }
}
