import HostIO
package import Model

/// Entries of a destination that the image is known to lack: they stay, with all below and above them.
///
/// Paths are compared as they are for people, so of two names that look the same both stay.
package struct SparedEntries: Sendable {
    private let paths: Set<String>
    /// Directories on the way to one.
    private let above: Set<String>
    private let sparesAll: Bool

    package static let none = SparedEntries(.none)

    package init(_ lacking: LackingEntries) {
        guard case .paths(let paths) = lacking else {
            (self.paths, above, sparesAll) = ([], [], true)
            return
        }
        sparesAll = false
        self.paths = Set(paths)
        above = Set(paths.flatMap { Self.parents(of: $0) })
    }

    var isEmpty: Bool { paths.isEmpty && !sparesAll }

    /// `path`: below the root of the destination.
    package func contains(_ path: @autoclosure () -> String) -> Bool {
        if sparesAll { return true }
        if paths.isEmpty { return false }
        let path = path()
        return paths.contains(path) || above.contains(path) || Self.parents(of: path).contains { paths.contains($0) }
    }

    private static func parents(of path: String) -> [String] {
        let bytes = Array(path.utf8)
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { String(decoding: bytes[..<$0], as: UTF8.self) }
    }
}
