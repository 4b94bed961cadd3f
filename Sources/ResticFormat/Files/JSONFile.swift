/// A small file of the repository whose plain bytes are one JSON object.
package protocol JSONFile {
    /// Unknown members are ignored, members may stand in any order; wrong types and missing members are errors.
    init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError)
    /// The members in restic's order, without a newline at the end.
    func encoded() -> [UInt8]
}

extension JSONFile {
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(FormatError) in try Self(decoding: UnsafeRawBufferPointer(buffer)) }
    }
}
