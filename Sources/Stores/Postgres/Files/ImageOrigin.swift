import Archiving
import HostIO
import Model
import ResticFormat

/// What an image of files says about where it comes from.
struct ImageOrigin: Sendable {
    let systemIdentifier: UInt64
    /// `15`.
    let release: String
    /// The time line, and where its log ends: there a server that is started on the image begins one of its own. Nil when that cannot be
    /// told.
    let end: (timeline: UInt32, position: LogPosition)?

    init(of image: ImageTree, named name: String, _ access: PostgresAccess) throws {
        guard let version = try image.bytes(of: ["PG_VERSION"], limit: 64),
            let control = try image.bytes(of: ["global", "pg_control"]).flatMap({ ControlFacts($0) })
        else {
            throw Failure(
                .damaged, "store \(name): the image is not that of a data directory",
                hint: "it was made by something else; restore from another snapshot or backup")
        }
        release = String(decoding: version, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined()
        systemIdentifier = control.systemIdentifier
        if case .source(let source) = image, let frozen = source as? DataDirectorySource, try !frozen.isBaseBackup() {
            let programs = try Int(release).flatMap { try ServerPrograms.find(access, told: nil, major: $0) }
            end = try programs.flatMap { try Self.end(ofFrozen: frozen.path, control, $0) }
        } else {
            end = try Self.end(of: image)
        }
    }

    /// The log of a base backup ends with its last segment: the end of a backup begins a new one.
    private static func end(of image: ImageTree) throws -> (timeline: UInt32, position: LogPosition)? {
        guard try image.bytes(of: ["backup_label"]) != nil else { return nil }
        let segments = try (image.entries(of: ["pg_wal"]) ?? []).filter { $0.type == .file && $0.name.count == 24 }
        guard let last = segments.last, last.size >= 1 << 20 else { return nil }
        let name = String(decoding: last.name, as: UTF8.self)
        guard let timeline = UInt32(name.prefix(8), radix: 16), let high = UInt64(name.dropFirst(8).prefix(8), radix: 16),
            let low = UInt64(name.suffix(8), radix: 16), high < 1 << 32, low < 1 << 32
        else { return nil }
        let number = high * ((1 << 32) / last.size) + low
        let (position, overflow) = (number + 1).multipliedReportingOverflow(by: last.size)
        return overflow ? nil : (timeline, LogPosition(position))
    }

    /// A frozen copy recovers from its last checkpoint to the last record that is whole.
    private static func end(
        ofFrozen path: String, _ control: ControlFacts, _ programs: ServerPrograms
    ) throws -> (timeline: UInt32, position: LogPosition)? {
        let folder = Path.join(path, "pg_wal")
        guard let first = try Descriptor.openDirectory(folder).entries().first(where: { $0.name.count == 24 }) else { return nil }
        let size = UInt64(clamping: try Descriptor.openDirectory(folder).status(of: first.name).size)
        let dumped = try programs.shutIn("pg_waldump", on: ProgramFolder(folder), outputLimit: 64 << 20) { view in
            ["-p", view.folder, "-t", "\(control.timeline)", "-s", control.redo.description]
        }.run()
        guard !dumped.truncated, let last = dumped.outputText.split(separator: "\n").last else { return nil }
        return LogRecords.end(of: last, segmentSize: size).map { (control.timeline, $0) }
    }
}
