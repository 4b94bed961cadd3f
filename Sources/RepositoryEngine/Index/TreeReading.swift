package import ResticFormat

extension IndexedRepository {
    /// A directory of a snapshot.
    package func tree(_ id: TreeID, using opener: BlobOpener) throws -> Tree {
        let blob = id.naming(BlobNamed.self)
        guard let place = locate(blob, .tree), let length = place.uncompressedLength, length > BlobOpener.largest else {
            return try withBlob(blob, .tree, using: opener, decode)
        }
        return try anyCopy(of: blob, .tree, preferring: place) { place in
            var decoding = Decoding()
            _ = try readInPieces(blob, .tree, at: place, length, using: opener) { decoding.feed($0) }
            return decoding
        }.tree()
    }

    private func decode(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> Tree {
        guard bytes.count > Int(BlobOpener.largest) else { return try Tree(decoding: bytes) }
        var decoding = Decoding()
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            decoding.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + (1 << 20), bytes.count)]))
        }
        return try decoding.tree()
    }

    /// A tree of which it is not known yet whether its bytes are whole: what is wrong with them is told when they are.
    private struct Decoding {
        private var decoder = TreeDecoder()
        private var problem: FormatError?

        mutating func feed(_ piece: UnsafeRawBufferPointer) {
            guard problem == nil else { return }
            do throws(FormatError) { try decoder.feed(piece) } catch { problem = error }
            if decoder.count > BlobLimits.entries { problem = FormatError(.tree, .outOfRange("the number of entries")) }
        }

        consuming func tree() throws(FormatError) -> Tree {
            if let problem { throw problem }
            return try decoder.finish()
        }
    }
}
