/// What a backup run did, as restic 0.17 and later store it in the snapshot. Sizes are bytes.
package struct SnapshotSummary: Hashable, Sendable {
    package var backupStart: NodeTime = .epoch
    package var backupEnd: NodeTime = .epoch
    package var filesNew: UInt64 = 0
    package var filesChanged: UInt64 = 0
    package var filesUnmodified: UInt64 = 0
    package var dirsNew: UInt64 = 0
    package var dirsChanged: UInt64 = 0
    package var dirsUnmodified: UInt64 = 0
    package var dataBlobs: UInt64 = 0
    package var treeBlobs: UInt64 = 0
    /// Plain bytes of new blobs.
    package var dataAdded: UInt64 = 0
    /// Stored bytes of new blobs.
    package var dataAddedPacked: UInt64 = 0
    package var totalFilesProcessed: UInt64 = 0
    package var totalBytesProcessed: UInt64 = 0

    package init() {}

    init(_ scanner: inout JSONScanner) throws(FormatError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try scanner.takeNull() { continue }
            switch key {
            case "backup_start": backupStart = try scanner.time()
            case "backup_end": backupEnd = try scanner.time()
            case "files_new": filesNew = try scanner.unsigned()
            case "files_changed": filesChanged = try scanner.unsigned()
            case "files_unmodified": filesUnmodified = try scanner.unsigned()
            case "dirs_new": dirsNew = try scanner.unsigned()
            case "dirs_changed": dirsChanged = try scanner.unsigned()
            case "dirs_unmodified": dirsUnmodified = try scanner.unsigned()
            case "data_blobs": dataBlobs = try scanner.unsigned()
            case "tree_blobs": treeBlobs = try scanner.unsigned()
            case "data_added": dataAdded = try scanner.unsigned()
            case "data_added_packed": dataAddedPacked = try scanner.unsigned()
            case "total_files_processed": totalFilesProcessed = try scanner.unsigned()
            case "total_bytes_processed": totalBytesProcessed = try scanner.unsigned()
            default: try scanner.skipValue()
            }
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.raw("{\"backup_start\":")
        writer.quotedTime(backupStart)
        writer.raw(",\"backup_end\":")
        writer.quotedTime(backupEnd)
        let counts: [(key: StaticString, value: UInt64)] = [
            (",\"files_new\":", filesNew), (",\"files_changed\":", filesChanged), (",\"files_unmodified\":", filesUnmodified),
            (",\"dirs_new\":", dirsNew), (",\"dirs_changed\":", dirsChanged), (",\"dirs_unmodified\":", dirsUnmodified),
            (",\"data_blobs\":", dataBlobs), (",\"tree_blobs\":", treeBlobs), (",\"data_added\":", dataAdded),
            (",\"data_added_packed\":", dataAddedPacked), (",\"total_files_processed\":", totalFilesProcessed),
            (",\"total_bytes_processed\":", totalBytesProcessed),
        ]
        for count in counts {
            writer.raw(count.key)
            writer.unsigned(count.value)
        }
        writer.byte(0x7D)
    }
}
