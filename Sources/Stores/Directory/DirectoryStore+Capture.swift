import Archiving
package import HostIO
import Model
import NativeImages
package import StoreContract
import Synchronization

extension DirectoryStore {
    /// How long a clone may take inside the cut; after that it is given up and the files are archived.
    private static let patience: UInt64 = 2_000_000_000

    /// A native image where possible. Otherwise nothing is pinned: the files are read after the cut, one after the other, and those that
    /// change meanwhile are counted (``CapturedImage/changes``).
    package func capture(_ request: CaptureRequest) throws -> Capture {
        try asStoreFailure {
            let root = try openRoot()
            let library = request.nativeImageFolder.map(NativeImageLibrary.init(folder:))
            let support = try support(for: root, library)
            let began = host.clock.now()
            var facts: [String: String] = [:]
            let mounts = try MountPoints(inside: root.descriptor).walked
            if !mounts.isEmpty { facts["mounted-inside"] = mounts.joined(separator: ", ") }
            if let library, let method = support.method {
                do {
                    if let image = try make(request.imageID, method, root, library) {
                        let torn = request.isQuiesced ? [] : image.openDatabases
                        captured.withLock { $0[request.imageID] = (image, torn) }
                        facts["native-image-by"] = image.method.rawValue
                        return Capture(
                            imageID: request.imageID, native: true, began: began, ended: host.clock.now(),
                            precision: image.method == .subvolume ? .exact : .fuzzy, facts: facts)
                    }
                    facts["archived-because"] = "a reflink clone took longer than \(Self.patience / 1_000_000_000) s"
                } catch let error as SystemError {
                    facts["archived-because"] = error.description
                }
            } else {
                facts["archived-because"] = support.reason
            }
            let now = host.clock.now()
            return Capture(imageID: request.imageID, native: false, began: now, ended: now, precision: .fuzzy, facts: facts)
        }
    }

    private func make(
        _ id: String, _ method: NativeMethod, _ root: SharedDescriptor, _ library: NativeImageLibrary
    ) throws -> NativeImage? {
        if method == .subvolume { return try library.snapshot(root, as: id, clock: host.clock) }
        let start = host.clock.monotonicNanoseconds()
        let clock = host.clock
        return try library.clone(root, as: id, host: host) { clock.monotonicNanoseconds() &- start > Self.patience }
    }

    package func image(of capture: Capture, job: JobControl) throws -> CapturedImage {
        try asStoreFailure {
            let excluded = try excludedNames()
            if capture.native {
                guard let (image, torn) = captured.withLock({ $0[capture.imageID] }) else {
                    throw Failure(.internal, "store \(declaration.name): image \(capture.imageID) is not captured")
                }
                let root = SharedDescriptor(try Descriptor.openDirectory(image.path))
                try root.syncFileSystem()
                var captured = CapturedImage(source: image.source(excluding: excluded), shape: .contentDefined)
                for issue in [image.flagged, try rescuedFiles()].compactMap({ $0 }) { captured.seen.add(issue) }
                for database in torn { captured.seen.add(database) }
                let census = try Census(of: root, limit: Census.quick)
                if census.isWhole {
                    captured.facts[StoreRecord.entriesFact] = "\(census.files + census.directories + census.others)"
                    captured.sizes = [.full: census.bytes]
                    captured.dataBytes = census.dataBytes
                } else {
                    captured.entriesAtLeast = UInt64(Census.quick)
                }
                return captured
            }
            let changes = ChangeCounter()
            let live = LocalDirectory(path: path, options: .init(identity: .live(host.clock), excludedAtRoot: excluded))
            var captured = CapturedImage(
                source: WatchedSource(live, since: capture.ended, changes: changes), shape: .contentDefined, changes: changes)
            if let issue = try rescuedFiles() { captured.seen.add(issue) }
            return captured
        }
    }

    package func release(_ capture: Capture, outcome: CaptureOutcome) {
        let image = captured.withLock { $0.removeValue(forKey: capture.imageID)?.image }
        // What cannot be removed now is an orphan that the next run finds.
        if outcome == .abandoned, let image { try? NativeImageLibrary(of: image).remove(image.id) }
    }
}
