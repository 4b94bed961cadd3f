import Archiving
package import Clusters
package import HostIO
package import Model
package import StoreContract

/// What a place that has too little room does to whoever wants to write there.
package enum RoomCheck: Sendable {
    case refuses
    /// Told and gone on: what is counted is the most that can be needed.
    case warns

    /// Throws `failure`, or gives its words.
    package func settle(_ failure: Failure) throws -> String {
        guard self == .warns else {
            var failure = failure
            failure.hint = [failure.hint, "--ignore-space goes on all the same"].compactMap { $0 }.joined(separator: "; ")
            throw failure
        }
        return failure.summary
    }
}

/// An image as its trees say.
package struct MeasuredImage: Sendable {
    /// Logical.
    package var bytes: UInt64
    /// That a restore writes at most.
    package var room: UInt64
    package var privileged = PrivilegedEntries()
}

extension Cluster {
    /// Bytes that a restore of the image writes at most. Of files, holes are not counted where the place keeps them, which is measured by reading the image's
    /// directories; where `space` has ten times as much free, it is not worth that.
    package func room(
        for record: StoreRecord, in entry: RepositoryEntry, _ reader: EntryReader, form: StoredForm = .portable, _ space: StoreSpace?,
        job: JobControl
    ) throws -> UInt64 {
        let bytes = form == .physical ? record.physicalBytes ?? record.bytes : record.bytes
        guard record.kind == .directory || form == .physical, space?.keepsHoles ?? true else { return bytes }
        if let space, space.free / 10 > bytes { return bytes }
        let image = try image(of: record, in: entry, reader, form: form)
        return min(bytes, try ImageMeasure(of: image.tree, job: job).solidBytes)
    }

    /// How large an image is and what it would give, as its trees say; a manifest says what whoever wrote it wants. Reads all directories of the image.
    package func measure(
        _ record: StoreRecord, in entry: RepositoryEntry, _ reader: EntryReader, form: StoredForm = .portable, _ space: StoreSpace?,
        job: JobControl
    ) throws -> MeasuredImage {
        job.begin(phase: "measuring \(record.name)")
        let tree = try image(of: record, in: entry, reader, form: form).tree
        let measure = try ImageMeasure(of: tree, job: job)
        guard record.kind == .directory || record.kind == .hdfs || form == .physical else {
            // A database is larger than its dump.
            let bytes = max(record.bytes, measure.bytes)
            return MeasuredImage(bytes: bytes, room: bytes)
        }
        let room = space?.keepsHoles ?? true ? measure.solidBytes : measure.bytes
        guard record.kind == .directory else { return MeasuredImage(bytes: measure.bytes, room: room) }
        return MeasuredImage(bytes: measure.bytes, room: room, privileged: measure.privileged)
    }

    /// Whether the file system of `scratch` is large enough for a rehearsal of all stores. Throws `space`, or gives what to warn of.
    package func checkRehearsalRoom(
        of entry: RepositoryEntry, _ reader: EntryReader, in scratch: ScratchDirectory, _ check: RoomCheck, hint: String, job: JobControl
    ) throws -> String? {
        guard let space = try StoreSpace.local(scratch.path) else { return nil }
        var needed: UInt64 = 0
        for record in entry.manifest.stores {
            let bytes = max(try measure(record, in: entry, reader, space, job: job).room, record.physicalBytes ?? 0)
            let product = bytes.multipliedReportingOverflow(by: record.kind.copiesInRehearsal)
            needed = needed.addingSaturated(product.overflow ? .max : product.partialValue)
        }
        guard space.free <= needed else { return nil }
        return try check.settle(
            Failure(
                .space, "scratch copies need up to \(ByteCount(needed)) in \(scratch.path), where \(ByteCount(space.free)) are free",
                hint: hint))
    }
}

extension StoreKind {
    /// How many times the bytes of an image lie in the scratch place at once: a database as restored, its image and a copy that holds still; a
    /// server beside the dumps that it loads.
    fileprivate var copiesInRehearsal: UInt64 {
        switch self {
        case .directory: 1
        case .sqlite, .postgres: 3
        case .hdfs: 0
        }
    }
}
