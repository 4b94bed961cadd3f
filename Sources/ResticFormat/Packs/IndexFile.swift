/// A file of `index/` (format section "Indexing").
package enum IndexFile {
    /// An index is closed at this many blobs.
    package static let fullBlobs = 50_000

    /// The JSON with restic's newline at the end.
    package static func encode(_ packs: [IndexedPack]) -> [UInt8] {
        var writer = JSONWriter(capacity: packs.reduce(64) { $0 + 96 + $1.blobs.count * 176 })
        writer.raw("{\"packs\":[")
        for (index, pack) in packs.enumerated() {
            writer.raw(index > 0 ? ",{\"id\":" : "{\"id\":")
            writer.id(pack.id)
            writer.raw(",\"blobs\":[")
            for index in pack.blobs.indices {
                if index > 0 { writer.byte(0x2C) }
                writer.blob(pack.blobs[index])
            }
            writer.raw("]}")
        }
        writer.raw("]}\n")
        return writer.finish()
    }

    /// Visits the packs in the order of the file. Throws `FormatError`, or what `visit` throws; packs visited before stay visited.
    package static func decode(_ bytes: UnsafeRawBufferPointer, _ visit: (PackID, [IndexedBlob]) throws -> Void) throws {
        var scanner = JSONScanner(bytes, of: .index)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "packs":
                if try scanner.takeNull() { continue }
                try scanner.enterArray()
                while try scanner.nextItem() {
                    let pack = try scanner.indexedPack()
                    try visit(pack.id, pack.blobs)
                }
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
    }

    package static func decode(_ bytes: [UInt8]) throws -> [IndexedPack] {
        var packs: [IndexedPack] = []
        try bytes.withUnsafeBytes { try decode($0) { packs.append(IndexedPack(id: $0, blobs: $1)) } }
        return packs
    }
}

extension JSONWriter {
    fileprivate mutating func blob(_ blob: IndexedBlob) {
        raw("{\"id\":")
        id(blob.id)
        raw(blob.kind == .data ? ",\"type\":\"data\",\"offset\":" : ",\"type\":\"tree\",\"offset\":")
        unsigned(UInt64(blob.offset))
        raw(",\"length\":")
        unsigned(UInt64(blob.length))
        if let length = blob.uncompressedLength {
            raw(",\"uncompressed_length\":")
            unsigned(UInt64(length))
        }
        byte(0x7D)
    }
}

extension JSONScanner {
    fileprivate mutating func indexedPack() throws(FormatError) -> IndexedPack {
        var id: PackID?
        var blobs: [IndexedBlob] = []
        try enterObject()
        while let key = try nextKey() {
            switch key {
            case "id": id = try self.id()
            case "blobs":
                if try takeNull() { continue }
                try enterArray()
                while try nextItem() { blobs.append(try indexedBlob()) }
            default: try skipValue()
            }
        }
        guard let id else { throw error(.missing("id of a pack")) }
        return IndexedPack(id: id, blobs: blobs)
    }

    private mutating func indexedBlob() throws(FormatError) -> IndexedBlob {
        var id: BlobID?
        var kind: BlobKind?
        var blob = IndexedBlob(id: BlobID(words: .zero), kind: .data, offset: 0, length: 0, uncompressedLength: nil)
        try enterObject()
        while let key = try nextKey() {
            switch key {
            case "id": id = try self.id()
            case "type": kind = try blobKind()
            case "offset": blob.offset = try unsigned32()
            case "length": blob.length = try unsigned32()
            case "uncompressed_length":
                let length = try unsigned32()
                blob.uncompressedLength = length == 0 ? nil : length
            default: try skipValue()
            }
        }
        guard let id, let kind else { throw error(.missing("id or type of a blob")) }
        guard blob.length >= UInt32(Sealing.overhead), !blob.offset.addingReportingOverflow(blob.length).overflow else {
            throw error(.outOfRange("length of a blob"))
        }
        blob.id = id
        blob.kind = kind
        return blob
    }

    private mutating func blobKind() throws(FormatError) -> BlobKind {
        switch JSONKey(text: try rawString().text) {
        case "data": return .data
        case "tree": return .tree
        default: throw error(.invalid("type of a blob"))
        }
    }
}
