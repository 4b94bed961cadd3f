package import Archiving
package import HostIO
package import Model
package import StoreContract
import Synchronization
package import WebHDFS

/// One directory of an HDFS with all below it. Its images are HDFS snapshots: made in constant time, read and compared by the NameNode.
package final class HDFSStore: StoreAdapter {
    /// Before the id of an image, in the name of its snapshot: what does not begin so is not Holdfast's.
    static let snapshotPrefix = "holdfast-"

    package let declaration: StoreDeclaration
    let client: HDFSClient
    let path: HDFSPath
    let host: Host
    let terms: RestoreTerms

    package init(_ declaration: StoreDeclaration, _ client: HDFSClient, host: Host, terms: RestoreTerms = RestoreTerms()) {
        self.declaration = declaration
        self.client = client
        self.terms = terms
        self.host = host
        path = client.address.path
    }

    package func under(_ terms: RestoreTerms) -> any StoreAdapter { HDFSStore(declaration, client, host: host, terms: terms) }

    /// What HDFS says about the store's entries is a failure of the store, not of the storage.
    func asStoreFailure<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as HDFSError {
            var failure = error.failure
            if failure.code != .space { failure.code = .store }
            throw failure
        }
    }

    package func open() throws -> StoreStatus { try asStoreFailure { try look() } }

    package func whereabouts() throws -> Whereabouts {
        try asStoreFailure {
            _ = try status()
            return Whereabouts(parts: Set(client.address.nameNodes.map { "HDFS \($0)" }), isRemote: true)
        }
    }

    private func look() throws -> StoreStatus {
        let status = try status()
        let measure = try HDFSMeasure(client, of: path, questions: HDFSMeasure.few)
        let summary = measure.summary
        let reason =
            status.isSnapshottable ? "HDFS snapshots, in constant time" : "HDFS snapshots; the first one allows them, as the superuser"
        return StoreStatus(
            version: nil, bytes: measure.isPart ? nil : summary.length, nativeImages: true, imageReason: reason,
            notes: measure.note.map { [$0] } ?? [], held: measure.held,
            facts: ["files": "\(summary.files)", "directories": "\(summary.directories)", "replicated-bytes": "\(summary.spaceConsumed)"])
    }

    private func status() throws -> HDFSFileStatus {
        guard let status = try client.status(of: path) else { throw missing }
        guard status.kind == .directory else {
            throw Failure(.store, "\(client.address) is a file", hint: "a store of kind hdfs is a directory")
        }
        return status
    }

    private var missing: Failure {
        Failure(.store, "\(client.address): no such directory", hint: "check `url` in the cluster file, or restore the store")
    }

    // MARK: Images

    package func capture(_ request: CaptureRequest) throws -> Capture { try asStoreFailure { try snapshot(request) } }

    private func snapshot(_ request: CaptureRequest) throws -> Capture {
        let name = Self.snapshotPrefix + request.imageID
        var began = host.clock.now()
        do throws(HDFSError) { try client.createSnapshot(of: path, named: name) } catch {
            if error.kind == .notFound { throw missing }
            guard error.kind == .notSnapshottable else { throw error }
            try client.allowSnapshots(of: path)
            began = host.clock.now()
            try client.createSnapshot(of: path, named: name)
        }
        return Capture(
            imageID: request.imageID, native: true, began: began, ended: host.clock.now(), precision: .exact,
            facts: ["hdfs-snapshot": name])
    }

    package func image(of capture: Capture, job: JobControl) throws -> CapturedImage {
        let image = try HDFSImage(client, of: path, snapshot: Self.snapshotPrefix + capture.imageID)
        let measure = try asStoreFailure { try HDFSMeasure(client, of: image.place, questions: HDFSMeasure.many) }
        let summary = measure.summary
        var captured = CapturedImage(
            source: image, shape: .contentDefined, sizes: [.full: summary.length],
            facts: [
                StoreRecord.entriesFact: "\(measure.entries)", "directories": "\(max(1, summary.directories) - 1)",
                "replicated-bytes": "\(summary.spaceConsumed)",
            ])
        captured.seen = measure.issues
        captured.entriesAtLeast = measure.isPart ? measure.entries : nil
        captured.openFiles = try asStoreFailure { try openFiles(image, measure.isPart ? .max : summary.files) }
        return captured
    }

    /// Nil where HDFS does not say which they are: whoever reads the image asks file by file.
    private func openFiles(_ image: HDFSImage, _ files: UInt64) throws -> [OpenFile]? {
        do { return try OpenFiles(client: client, directory: path, snapshot: image.snapshot, files: files).find() } catch let error
            as HDFSError
        {
            switch error.kind {
            case .permission, .notHDFS, .invalid, .other: return nil
            default: throw error
            }
        }
    }

    package func release(_ capture: Capture, outcome: CaptureOutcome) {
        // What cannot be removed now is an orphan that the next run finds.
        if outcome == .abandoned { try? removeNativeImage(capture.imageID) }
    }

    package func nativeImages() throws -> [String] {
        let names: [String]
        do throws(HDFSError) { names = try client.snapshots(of: path).map(\.name) } catch {
            guard error.kind == .notFound || error.kind == .notSnapshottable else { throw error }
            return []
        }
        return names.filter { $0.hasPrefix(Self.snapshotPrefix) }.map { String($0.dropFirst(Self.snapshotPrefix.count)) }
    }

    package func removeNativeImage(_ id: String) throws {
        do throws(HDFSError) { try client.deleteSnapshot(of: path, named: Self.snapshotPrefix + id) } catch {
            // The answer to an earlier try may have been lost.
            guard try nativeImages().contains(id) else { return }
            throw error
        }
    }

    package var comparesNativeImages: Bool { true }

    package func openNativeImage(_ id: String, since previous: String?) throws -> any EntrySource {
        try image(id, open: nil, since: previous.map { NativeImageBase(image: $0) })
    }

    package func openNativeImage(of record: StoreRecord, since previous: NativeImageBase?) throws -> any EntrySource {
        try image(record.nativeImageID ?? "", open: record.openFiles, since: previous)
    }

    private func image(_ id: String, open: [OpenFile]?, since previous: NativeImageBase?) throws -> HDFSImage {
        guard try nativeImages().contains(id) else {
            throw Failure(
                .notFound, "store \(declaration.name): the HDFS snapshot \(Self.snapshotPrefix)\(id) is gone",
                hint: "`snapshot validate` tells what is left; restore from another snapshot or from a backup")
        }
        return try HDFSImage(
            client, of: path, snapshot: Self.snapshotPrefix + id, open: open, since: previous.map { Self.snapshotPrefix + $0.image },
            again: previous?.again ?? [])
    }

    /// Directories only: a directory has no rows, so `withoutBulkRows` keeps all of it.
    package func reduce(
        _ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl
    ) throws -> ReducedImage {
        let what = "files below \(declaration.path)"
        if case .native(let source) = image, let native = source as? HDFSImage {
            let summary = try HDFSMeasure(client, of: native.place, questions: HDFSMeasure.many).summary
            return .directoriesOnly(reload: [ReloadItem(what: what, count: summary.files, bytes: summary.length)])
        }
        let census = try ImageCensus(of: image.tree, job: job)
        return .directoriesOnly(reload: [ReloadItem(what: what, count: census.files, bytes: census.bytes)])
    }

    // MARK: Deleting

    package func destroy(job: JobControl) throws { try asStoreFailure { try removeAll(job) } }

    private func removeAll(_ job: JobControl) throws {
        guard try client.status(of: path) != nil else { return }
        for entry in try client.entries(of: path) {
            try job.checkCancelled()
            if let place = path.appending(entry.name) { try client.remove(place, .tree) }
        }
    }

    package func place() throws -> String? { try asStoreFailure { try client.blockPool().map { "HDFS \($0)" } } }

    package func space() throws -> StoreSpace? {
        let address = client.address
        let nameNodes = HDFSAddress(address.transport, nameNodes: address.nameNodes).description
        return try client.space().map {
            StoreSpace(
                fileSystem: nameNodes, place: nameNodes, free: $0.remaining, mostReplicas: max(1, $0.liveDataNodes), keepsHoles: false)
        }
    }

    package func isEmpty() throws -> Bool {
        guard let status = try asStoreFailure({ try client.status(of: path) }) else { return true }
        return status.kind == .directory && status.childCount == 0
    }
}
