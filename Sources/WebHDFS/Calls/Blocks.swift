package import Model

/// A block of a file, as the NameNode knows it.
package struct HDFSBlock: Hashable, Sendable {
    /// Stays with its bytes: a block that is in a snapshot is copied before it is cut.
    package var id: Int64
    /// Bytes of the file that it holds.
    package var length: UInt64
    /// No DataNode that runs has a whole copy of it, as far as the NameNode knows.
    package var isLost = false
}

extension HDFSClient {
    private static let blocks = Operation.get("GET_BLOCK_LOCATIONS", "look at the blocks of")

    /// The blocks of a file in order; nil when its last one is still being written.
    package func blocks(of path: HDFSPath) throws(HDFSError) -> [HDFSBlock]? {
        var blocks: [HDFSBlock] = []
        var (isComplete, isOpen) = (true, false)
        try read(Call(Self.blocks, path)) { reader throws(MalformedAnswer) in
            try reader.required("LocatedBlocks") { reader throws(MalformedAnswer) in
                try reader.object { key, reader throws(MalformedAnswer) in
                    switch key {
                    case "locatedBlocks":
                        if reader.takeNull() { return }
                        try reader.array { reader throws(MalformedAnswer) in blocks.append(try HDFSBlock(&reader)) }
                    case "isLastBlockComplete": isComplete = try reader.bool()
                    case "isUnderConstruction": isOpen = try reader.bool()
                    default: try reader.skip()
                    }
                }
            }
        }
        // Of an empty file the last block is never complete.
        return isOpen || !isComplete && !blocks.isEmpty ? nil : blocks
    }
}

extension HDFSClient {
    /// Whether a block with bytes of the file from `offset` on is lost.
    package func hasLostBlock(_ path: HDFSPath, from offset: UInt64) throws(HDFSError) -> Bool {
        var end: UInt64 = 0
        for block in try blocks(of: path) ?? [] {
            end = end.addingReportingOverflow(block.length).partialValue
            if end > offset, block.isLost { return true }
        }
        return false
    }
}

extension HDFSBlock {
    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        var id: Int64?
        var length: UInt64 = 0
        var (copies, isCorrupt) = (0, false)
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "block":
                try reader.object { key, reader throws(MalformedAnswer) in
                    switch key {
                    case "blockId": id = try reader.integer()
                    case "numBytes": length = try reader.count()
                    default: try reader.skip()
                    }
                }
            case "locations":
                try reader.array { reader throws(MalformedAnswer) in
                    copies += 1
                    try reader.skip()
                }
            case "isCorrupt": isCorrupt = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let id else { throw reader.expected("a block") }
        self.init(id: id, length: length, isLost: copies == 0 || isCorrupt)
    }
}
