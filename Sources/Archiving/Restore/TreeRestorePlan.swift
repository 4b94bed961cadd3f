package import Model
import ResticFormat

/// What a restore would change, as found when the plan was made. Holds what changes only, and keeps the destination open.
package struct TreeRestorePlan: Sendable {
    /// Entries, those in new directories included.
    package var created = 0
    /// Files with other content, and entries of another type.
    package var replaced = 0
    /// Entries, those in deleted directories included.
    package var deleted = 0
    package var unchanged = 0
    /// Same content, other owner, mode, times or attributes.
    package var metadataOnly = 0
    /// Entries that interrupted restores left (``TemporaryName``), to be removed; what is in them is not counted.
    package var leftOvers = 0
    package var bytesToWrite: UInt64 = 0
    /// Logical bytes of what is deleted or replaced.
    package var bytesFreed: UInt64 = 0
    /// At most ``examplesKept``: "replace reports/2026.csv".
    package var examples: [String] = []
    /// The newest change (ctime) among what is replaced, deleted or given other metadata; directories not.
    package var newestChange: Timestamp?
    /// The destination is not there or has no entries.
    package var intoEmpty = false
    /// The destination is not there and is made.
    package var makesPlace: Bool { root == nil }
    /// Entries of the destination that could not be looked at; they are left as they are, with all in them.
    package var unexamined = 0
    /// Those that could not be looked at, the first of them (``IssueCollector/kept``).
    package var issues: [EntryIssue] = []
    /// Entries that the image is known to lack and that stay (``TreeRestore/Options/spared``); what is in them is not counted.
    package var spared = 0
    /// Entries that get rights which they do not have.
    package var privileged = PrivilegedEntries()

    /// Lines about entries that are to be changed and cannot be, with what lifts that: locked, mounted on, in use. All others are restored.
    package var held: [String] = []

    package static let examplesKept = 20

    /// How directories of the image are read.
    var way = ImageReader.Way.inOrder
    /// nil when the destination is to be made.
    var root: DirectoryHandle?
    var directories: [DirectoryChange] = []
    /// Where entries with several links, that are to be linked to, are already as they shall be.
    var linkTargets: [LinkKey: EntryLocation] = [:]

    init() {}

    /// Nothing differs.
    package var isEmpty: Bool { !makesPlace && created + replaced + deleted + metadataOnly + leftOvers + unexamined == 0 }
}

/// What changes among the entries of one directory that is there.
struct DirectoryChange: Sendable {
    let directory: DirectoryHandle
    let image: ImageDirectory
    /// Its own metadata, to be set when all else is done: changing entries changes its times. nil when they are not known.
    let node: Node?
    var changes: [EntryChange]
}

enum EntryChange: Sendable {
    /// Is made, or takes the place of what is there under that name; a directory with all in it.
    case write(Node)
    /// The file that is there gets these blobs of the image, counted from 0, and the image's size (``TreeRestore/Options/writesInPlace``).
    case rewrite(Node, blobs: [Int])
    case setMetadata(Node)
    case delete([UInt8])

    var name: [UInt8] {
        switch self {
        case .write(let node), .rewrite(let node, _), .setMetadata(let node): node.name
        case .delete(let name): name
        }
    }
}

/// An entry of a directory of the destination.
struct EntryLocation: Sendable {
    let directory: DirectoryHandle
    let name: [UInt8]
}

/// What all links to one entry of the image, of whatever type but a directory, have in common.
struct LinkKey: Hashable, Sendable {
    let inode: UInt64
    let device: UInt64

    /// nil for what has no other link.
    init?(_ node: Node) {
        guard node.inode != 0, node.type != .dir, node.type != .irregular else { return nil }
        // restic counts the links of files, symlinks and devices only; of the others it notes inode and device all the same.
        let isUncounted = node.links == 0 && node.deviceID != 0 && (node.type == .fifo || node.type == .socket)
        guard node.links > 1 || isUncounted else { return nil }
        inode = node.inode
        device = node.deviceID
    }
}
