package import HostIO
import ResticFormat

/// How much an image holds, counted without reading content.
package struct ImageCensus: Hashable, Sendable {
    /// Entries that are not directories.
    package private(set) var files: UInt64 = 0
    /// Without the root.
    package private(set) var directories: UInt64 = 0
    /// Logical; a file with several links counts each time.
    package private(set) var bytes: UInt64 = 0

    package init(of image: ImageTree, job: JobControl) throws {
        let reader = try ImageReader(image)
        var pending = [try reader.root().0]
        while let directory = pending.popLast() {
            try job.checkCancelled()
            let entries = try reader.entriesInAnyOrder(of: directory)
            while let node = try entries.next() {
                guard node.type == .dir else {
                    files += 1
                    bytes = bytes.addingReportingOverflow(node.size).partialValue
                    continue
                }
                directories += 1
                pending.append(try reader.directory(node, in: directory))
            }
        }
    }
}
