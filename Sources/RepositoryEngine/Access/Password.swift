/// A repository's password: UTF-8 bytes, never printed.
package struct Password: Sendable, CustomStringConvertible, CustomReflectable {
    let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package var isEmpty: Bool { bytes.isEmpty }
    package var description: String { "(password)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
