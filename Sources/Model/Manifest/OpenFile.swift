/// A file that was open for writing when an image was pinned whose store cannot pin its length (HDFS): the image holds it as far as it reached then.
package struct OpenFile: Hashable, Sendable, Codable {
    /// Below the store, UTF-8.
    package var path: String
    /// Bytes that readers could see then.
    package var length: UInt64
    /// By which the store knows it wherever it is moved.
    package var id: Int64

    package init(path: String, length: UInt64, id: Int64) {
        self.path = path
        self.length = length
        self.id = id
    }
}
