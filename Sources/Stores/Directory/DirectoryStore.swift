package import Archiving
package import HostIO
package import Model
import NativeImages
package import StoreContract
import Synchronization

/// One directory tree. Native images, where the file systems allow them, lie in a folder of this store's own in the cluster's storage.
package final class DirectoryStore: StoreAdapter {
    package let declaration: StoreDeclaration
    let host: Host
    /// Of this store alone; nil when the cluster's storage is not a local directory.
    private let nativeImageFolder: String?
    let terms: RestoreTerms
    /// With the databases in it that may be torn.
    let captured = Mutex<[String: (image: NativeImage, torn: [EntryIssue])]>([:])
    /// As counted when the store was last opened.
    private let files = Mutex<UInt64?>(nil)

    /// More than these would take longer than the cut may last.
    private static let mostClonedFiles: UInt64 = 20_000

    package init(_ declaration: StoreDeclaration, nativeImageFolder: String?, host: Host, terms: RestoreTerms = RestoreTerms()) {
        self.terms = terms
        self.declaration = declaration
        self.nativeImageFolder = nativeImageFolder
        self.host = host
    }

    package func fileTime() throws -> Timestamp? { try Descriptor.openDirectory(path).moveTimeOfChange() }

    package func under(_ terms: RestoreTerms) -> any StoreAdapter {
        DirectoryStore(declaration, nativeImageFolder: nativeImageFolder, host: host, terms: terms)
    }

    var path: String { declaration.path }
    var library: NativeImageLibrary? { nativeImageFolder.map(NativeImageLibrary.init(folder:)) }

    package func open() throws -> StoreStatus {
        try asStoreFailure {
            let root = try openRoot()
            let census = try Census(of: root, limit: Census.quick)
            files.withLock { $0 = census.isWhole ? census.files : .max }
            let support = try support(for: root, library)
            var facts = ["file-system": try root.descriptor.fileSystemKind().rawValue]
            if census.isWhole { facts["files"] = String(census.files) }
            if let method = support.method { facts["native-images-by"] = method.rawValue }
            if census.databases.count > 0, support.method != .subvolume { facts[StoreStatus.databasesFact] = census.databases.text }
            return StoreStatus(
                version: nil, bytes: census.isWhole ? census.bytes : nil, nativeImages: support.method != nil, imageReason: support.reason,
                notes: try notes(census, try MountPoints(inside: root.descriptor), support), held: census.held, facts: facts)
        }
    }

    package func whereabouts() throws -> Whereabouts {
        try asStoreFailure {
            _ = try openRoot()
            return try Whereabouts(of: declaration.path)
        }
    }

    func support(for root: SharedDescriptor, _ library: NativeImageLibrary?) throws -> NativeSupport {
        let support = try NativeSupport.find(for: root, library: library)
        guard support.method == .clone, let files = files.withLock({ $0 }), files > Self.mostClonedFiles else { return support }
        return NativeSupport(
            method: nil, reason: "more than \(Self.mostClonedFiles) files take too long to clone inside the cut; files are archived")
    }

    /// The directory, which must be there and readable.
    func openRoot() throws -> SharedDescriptor {
        guard try statusOfPath(path) != nil else {
            throw Failure(
                .store, "\(path): no such directory",
                hint: "check that its file system is mounted and that `path` in the cluster file is right, or restore the store")
        }
        return SharedDescriptor(try Descriptor.openDirectory(path))
    }

    package func nativeImages() throws -> [String] { try library?.images() ?? [] }

    package func removeNativeImage(_ id: String) throws {
        guard let library else { return }
        try asStoreFailure { try library.remove(id) }
    }

    package func openNativeImage(_ id: String, since: String?) throws -> any EntrySource {
        guard let image = try library?.image(id) else {
            throw Failure(
                .notFound, "store \(declaration.name): native image \(id) is gone",
                hint: "`snapshot validate` tells what is left; restore from another snapshot or from a backup")
        }
        try image.checkIsWhole(declaration.name)
        return image.source(excluding: try excludedNames())
    }

    package func destroy(job: JobControl) throws {
        guard try statusOfPath(path) != nil else { return }
        try asStoreFailure { try removeEverything(in: try openRoot(), job) }
    }

    private func removeEverything(in root: SharedDescriptor, _ job: JobControl) throws {
        try refuseObstacles(in: root, job)
        let excluded = try excludedNames()
        let (left, count) = try removeAsFarAsPossible(
            in: root.descriptor, { !excluded.contains($0) }, check: { try job.checkCancelled() })
        guard count > 0 else { return }
        for entry in left { job.log("left: \(entry.path): \(entry.reason)") }
        throw Failure(
            .store, "\(path): \(counted(count, "entry", "entries")) could not be removed; all else is gone",
            hint: "put that right (lsattr, chattr -i -a, umount), then run the command again",
            cause: left.prefix(10).map { "\($0.path): \($0.reason)" }.joined(separator: "; "))
    }

    package func isEmpty() throws -> Bool {
        try asStoreFailure {
            guard try statusOfPath(path) != nil else { return true }
            let excluded = try excludedNames()
            return try openRoot().descriptor.entries().allSatisfy { excluded.contains($0.name) }
        }
    }

    package func place() throws -> String? { try FileSystemIdentity.of(path) }

    package func space() throws -> StoreSpace? { try StoreSpace.local(path) }

    /// `lost+found` at the root of a mounted file system belongs to it and not to the store.
    func excludedNames() throws -> Set<[UInt8]> { try isOfFileSystem() ? [Self.rescued] : [] }

    private static let rescued = Array("lost+found".utf8)

    /// What fsck(8) has put there is not kept, and that is told.
    func rescuedFiles() throws -> EntryIssue? {
        guard try isOfFileSystem(), let root = try? openRoot(), let folder = try? root.descriptor.openDirectory(Self.rescued),
            try !folder.isEmptyDirectory()
        else { return nil }
        return EntryIssue(
            kind: .leftOut, path: FileName.text(Self.rescued),
            detail: "it is the file system's own, and holds what a check of it has rescued: move what is needed to another directory")
    }

    private func isOfFileSystem() throws -> Bool {
        guard try statusOfPath(path) != nil else { return false }
        let root = try openRoot()
        return try root.descriptor.isMountPoint() && !root.descriptor.isSubvolume()
    }
}
