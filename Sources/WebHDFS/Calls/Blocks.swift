package import Model

/// A block of a file, as the NameNode knows it.
package struct HDFSBlock: Hashable, Sendable {
    /// Stays with its bytes: a block that is in a snapshot is copied before it is cut.
    package var id: Int64
    /// Bytes of the file that it holds.
    package var length: UInt64
}

extension HDFSClient {
    private static let blocks = Operation.get("GET_BLOCK_LOCATIONS", "look at the blocks of")

    /// The blocks of a file in order; nil when its last one is still being written.
    package func blocks(of path: HDFSPath) throws(HDFSError) -> [HDFSBlock]? {
        var blocks: [HDFSBlock] = []
        var isComplete = true
        try read(Call(Self.blocks, path)) { reader throws(MalformedAnswer) in
            try reader.required("LocatedBlocks") { reader throws(MalformedAnswer) in
                try reader.object { key, reader throws(MalformedAnswer) in
                    switch key {
                    case "locatedBlocks":
                        if reader.takeNull() { return }
                        try reader.array { reader throws(MalformedAnswer) in blocks.append(try HDFSBlock(&reader)) }
                    case "isLastBlockComplete": isComplete = try reader.bool()
                    default: try reader.skip()
                    }
                }
            }
        }
        return isComplete ? blocks : nil
    }
}

extension HDFSBlock {
    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        var id: Int64 = 0
        var length: UInt64 = 0
        try reader.required("block") { reader throws(MalformedAnswer) in
            try reader.object { key, reader throws(MalformedAnswer) in
                switch key {
                case "blockId": id = try reader.integer()
                case "numBytes": length = try reader.count()
                default: try reader.skip()
                }
            }
        }
        self.init(id: id, length: length)
    }
}
