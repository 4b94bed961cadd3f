/// What an entry of a tree is (format section "Trees and Data").
package enum NodeType: String, Sendable, CaseIterable {
    case file, dir, symlink, dev, chardev, fifo, socket, irregular
}

/// An instant as a node carries it: with the writer's zone, so that a tree of another writer encodes to the same bytes.
package struct NodeTime: Hashable, Sendable {
    package var seconds: Int64
    /// 0 ..< 1,000,000,000.
    package var nanoseconds: UInt32
    /// Seconds east of UTC, a whole number of minutes.
    package var zoneOffset: Int32

    package init(seconds: Int64, nanoseconds: UInt32, zoneOffset: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.zoneOffset = zoneOffset
    }

    package static let epoch = NodeTime(seconds: 0, nanoseconds: 0)
    /// Whether both name the same instant, whatever their zones.
    package func isSameInstant(as other: NodeTime) -> Bool { seconds == other.seconds && nanoseconds == other.nanoseconds }
}

package struct ExtendedAttribute: Hashable, Sendable {
    /// UTF-8. The format cannot hold other names: what is not UTF-8 in them is stored as U+FFFD.
    package var name: [UInt8]
    package var value: [UInt8]

    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// One entry of a directory. Names and link targets are bytes, as POSIX has them.
package struct Node: Hashable, Sendable {
    package var name: [UInt8]
    package var type: NodeType
    /// A Go `fs.FileMode`, not a POSIX `st_mode`; see `FileMode`.
    package var mode: UInt32
    package var mtime: NodeTime
    package var atime: NodeTime
    package var ctime: NodeTime
    package var uid: UInt32
    package var gid: UInt32
    package var user: String
    package var group: String
    package var inode: UInt64
    package var deviceID: UInt64
    /// Bytes; 0 for everything but files.
    package var size: UInt64
    package var links: UInt64
    package var linkTarget: [UInt8]
    package var extendedAttributes: [ExtendedAttribute]
    /// The device number of a `dev` or `chardev`, as `st_rdev` has it.
    package var device: UInt64
    /// Blobs in order; nil for everything but files, empty for an empty file.
    package var content: [BlobID]?
    /// Directories only.
    package var subtree: TreeID?
    package var error: String
    /// The raw JSON value of `generic_attributes`, kept as it came (Windows writers).
    package var genericAttributes: [UInt8]?

    package init(name: [UInt8], type: NodeType) {
        self.name = name
        self.type = type
        mode = 0
        mtime = .epoch
        atime = .epoch
        ctime = .epoch
        uid = 0
        gid = 0
        user = ""
        group = ""
        inode = 0
        deviceID = 0
        size = 0
        links = 0
        linkTarget = []
        extendedAttributes = []
        device = 0
        content = type == .file ? [] : nil
        subtree = nil
        error = ""
        genericAttributes = nil
    }
}

/// A directory: nodes in the byte order of their names, no name twice.
package struct Tree: Hashable, Sendable {
    package var nodes: [Node]

    package init(nodes: [Node]) { self.nodes = nodes }
}
