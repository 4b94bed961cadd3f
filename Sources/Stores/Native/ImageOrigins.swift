import Archiving
import HostIO
import Model
import Synchronization

/// The note beside a native image, `ID.origins`, of what its files were known by in the store: without it nobody could tell later which of them
/// are still as they were, and all would be read.
///
/// It begins with a mark and the time from before the image was made. For a clone, runs follow: the inode of a directory of the clone, the number of
/// entries, and each of these as inode and time of change in the clone, then inode, device and time of change in the store. All numbers are
/// little-endian and have 8 bytes.
enum ImageOrigins {
    static let suffix = ".origins"
    /// Its last digit is the version.
    static let mark: UInt64 = 0x3130_6769_724F_4648
    /// Seconds of a time of change that is not known.
    static let unknown = Int64.min

    struct Record {
        var copy: CopiedEntry
        var original: OriginalEntry

        static let words = 7
    }

    static func name(of id: String) -> [UInt8] { Array((id + suffix).utf8) }
}

extension ImageOrigins.Record {
    fileprivate var asWords: [UInt64] {
        let changed = original.changed ?? Timestamp(seconds: ImageOrigins.unknown)
        return [
            copy.inode, UInt64(bitPattern: copy.changed.seconds), UInt64(copy.changed.nanoseconds), original.inode, original.device,
            UInt64(bitPattern: changed.seconds), UInt64(changed.nanoseconds),
        ]
    }

    /// Nil for what no writer has written.
    fileprivate init?(_ words: ArraySlice<UInt64>) {
        let words = Array(words)
        guard words.count == Self.words, let copied = Self.time(words[1], words[2]), let changed = Self.time(words[5], words[6]) else {
            return nil
        }
        copy = CopiedEntry(inode: words[0], changed: copied)
        original = OriginalEntry(
            inode: words[3], device: words[4], changed: changed.seconds == ImageOrigins.unknown ? nil : changed)
    }

    private static func time(_ seconds: UInt64, _ nanoseconds: UInt64) -> Timestamp? {
        guard nanoseconds < 1_000_000_000 else { return nil }
        return Timestamp(seconds: Int64(bitPattern: seconds), nanoseconds: UInt32(nanoseconds))
    }
}

/// Writes the note while a clone is made; by several threads.
final class OriginsWriting: Sendable {
    private let file: Mutex<SharedDescriptor>

    init(_ id: String, in folder: SharedDescriptor, began: Timestamp) throws {
        let descriptor = SharedDescriptor(try folder.descriptor.open(ImageOrigins.name(of: id), [.write, .createNew]))
        file = Mutex(descriptor)
        try write([ImageOrigins.mark, UInt64(bitPattern: began.seconds), UInt64(began.nanoseconds)])
    }

    /// A directory may have several runs.
    func add(_ records: [ImageOrigins.Record], inDirectory inode: UInt64) throws {
        guard !records.isEmpty else { return }
        try write([inode, UInt64(records.count)] + records.flatMap(\.asWords))
    }

    private func write(_ words: [UInt64]) throws {
        try words.map(\.littleEndian).withUnsafeBytes { bytes in
            try file.withLock { file in try file.descriptor.write(bytes) }
        }
    }
}

/// What was found missing in a clone.
private struct CloneLoss {
    private let began: Timestamp
    private var gone = 0
    private var written = 0
    /// Directories with files.
    var folders = 0
    private var example: String?

    init(since began: Timestamp) { self.began = began }

    mutating func note(gone count: Int, from path: [UInt8]) {
        guard count > 0 else { return }
        gone += count
        example = example ?? "from “\(printable(path.isEmpty ? "." : FileName.text(path)))”"
    }

    /// A file whose time of change is another one: what only got other rights has its content still.
    mutating func note(_ status: FileStatus, at path: [UInt8]) {
        guard status.kind == .file, status.modified >= began else { return }
        written += 1
        example = example ?? "“\(printable(FileName.text(path)))”"
    }

    var text: String? {
        let parts = [
            gone > 0 ? "\(counted(gone, "file")) gone" : nil, written > 0 ? "\(counted(written, "file")) written to" : nil,
            folders > 0 ? "\(counted(folders, "directory", "directories")) gone" : nil,
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ") + (example.map { " (the first: \($0))" } ?? "")
    }
}

/// The note of an image, read. The entries of a directory are read when they are asked for.
final class OriginsReading: CopiedIdentities {
    /// Before the image was made.
    let began: Timestamp
    private let file: SharedDescriptor
    private let runs: [UInt64: [Run]]

    private struct Run {
        var offset: Int64
        var count: Int
    }

    private static let header = 3 * 8
    /// Entries of one directory; more are not believed.
    private static let most: UInt64 = 1 << 32

    /// Nil when there is none, or one that nobody can make sense of.
    init?(_ id: String, in folder: SharedDescriptor) {
        guard let opened = try? folder.descriptor.open(ImageOrigins.name(of: id), [.read, .nonBlocking]) else { return nil }
        file = SharedDescriptor(opened)
        guard let status = try? file.descriptor.status(), status.kind == .file, let head = Self.words(3, at: 0, file),
            head[0] == ImageOrigins.mark, head[2] < 1_000_000_000
        else { return nil }
        began = Timestamp(seconds: Int64(bitPattern: head[1]), nanoseconds: UInt32(head[2]))
        runs = Self.runs(of: file, size: status.size)
    }

    private static func runs(of file: SharedDescriptor, size: Int64) -> [UInt64: [Run]] {
        var runs: [UInt64: [Run]] = [:]
        var offset = Int64(header)
        while offset < size, let head = words(2, at: offset, file), head[1] < most {
            let run = Run(offset: offset + 16, count: Int(head[1]))
            offset = run.offset + Int64(run.count * ImageOrigins.Record.words * 8)
            guard offset <= size else { break }
            runs[head[0], default: []].append(run)
        }
        return runs
    }

    /// Nil when the file ends before.
    private static func words(_ count: Int, at offset: Int64, _ file: SharedDescriptor) -> [UInt64]? {
        var words = [UInt64](repeating: 0, count: count)
        let read = words.withUnsafeMutableBytes { (try? file.descriptor.read(into: $0, at: offset)) ?? 0 }
        return read == count * 8 ? words.map { UInt64(littleEndian: $0) } : nil
    }

    /// What the clone at `root` has lost since it was made, in words; nil when all that was noted is there as it was.
    func loss(in root: String) throws -> String? {
        var loss = CloneLoss(since: began)
        var left = Set(runs.keys)
        var waiting: [(folder: SharedDescriptor, path: [UInt8])] = [(SharedDescriptor(try Descriptor.openDirectory(root)), [])]
        while let (folder, path) = waiting.popLast() {
            let inode = try folder.descriptor.status().inode
            left.remove(inode)
            var noted = Dictionary(originals(inDirectory: inode).keys.map { ($0.inode, $0.changed) }) { max($0, $1) }
            for entry in try folder.descriptor.entries() {
                guard let status = try folder.descriptor.statusIfPresent(of: entry.name) else { continue }
                let place = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                if status.kind == .directory {
                    waiting.append((SharedDescriptor(try folder.descriptor.openDirectory(entry.name)), place))
                } else if let changed = noted.removeValue(forKey: status.inode), changed != status.changed {
                    loss.note(status, at: place)
                }
            }
            loss.note(gone: noted.count, from: path)
        }
        loss.folders = left.count
        return loss.text
    }

    func originals(inDirectory inode: UInt64) -> [CopiedEntry: OriginalEntry] {
        var found: [CopiedEntry: OriginalEntry] = [:]
        for run in runs[inode] ?? [] {
            guard let words = Self.words(run.count * ImageOrigins.Record.words, at: run.offset, file) else { continue }
            for start in stride(from: 0, to: words.count, by: ImageOrigins.Record.words) {
                guard let record = ImageOrigins.Record(words[start..<(start + ImageOrigins.Record.words)]) else { continue }
                found[record.copy] = record.original
            }
        }
        return found
    }
}
