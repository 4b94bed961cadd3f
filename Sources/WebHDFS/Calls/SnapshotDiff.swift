package import Model

/// What differs between two snapshots of a directory, or between one and the directory as it is.
package struct HDFSSnapshotDiff: Hashable, Sendable {
    /// Paths are relative to the directory, in UTF-8; that of the directory itself is empty. Below a renamed directory, all but the
    /// target of a rename stands under the old name. A file that was replaced is deleted and created.
    package enum Change: Hashable, Sendable {
        case created([UInt8])
        case deleted([UInt8])
        /// Content or attributes of a file; entries or attributes of a directory. Not more is told.
        case modified([UInt8])
        case renamed(from: [UInt8], to: [UInt8])
    }

    /// As HDFS lists them.
    package var changes: [Change]

    package init(changes: [Change]) { self.changes = changes }
}

extension HDFSClient {
    private static let diff = Operation.get("GETSNAPSHOTDIFF", "compare snapshots of").long

    /// From the snapshot `older` to `newer`; nil is the directory as it is now. The answer is held as a whole: about 100 bytes a change.
    package func snapshotDiff(of path: HDFSPath, from older: String, to newer: String?) throws(HDFSError) -> HDFSSnapshotDiff {
        var changes: [HDFSSnapshotDiff.Change] = []
        try read(Call(Self.diff, path).with("oldsnapshotname", older).with("snapshotname", newer ?? "")) { reader throws(MalformedAnswer) in
            try reader.required("SnapshotDiffReport") { reader throws(MalformedAnswer) in
                try reader.required("diffList") { reader throws(MalformedAnswer) in
                    try reader.array { reader throws(MalformedAnswer) in changes.append(try HDFSSnapshotDiff.Change(&reader)) }
                }
            }
        }
        return HDFSSnapshotDiff(changes: changes)
    }
}

extension HDFSSnapshotDiff.Change {
    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        var type = ""
        var source: [UInt8] = []
        var target: [UInt8]?
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "type": type = try reader.string()
            case "sourcePath": source = try reader.utf8()
            case "targetPath": if !reader.takeNull() { target = try reader.utf8() }
            default: try reader.skip()
            }
        }
        switch (type, target) {
        case ("CREATE", _): self = .created(source)
        case ("DELETE", _): self = .deleted(source)
        case ("MODIFY", _): self = .modified(source)
        case ("RENAME", .some(let target)): self = .renamed(from: source, to: target)
        default: throw reader.expected("a change that is known, not \(type)")
        }
    }
}
