import Glibc
import HostIO
import Model
import RepositoryEngine
import ResticFormat

/// One thread of a restore.
final class ApplyWorker {
    let run: ApplyRun
    let reader: ImageReader
    let memory = ContentHashing()
    private var unsynced = 0

    init(run: ApplyRun) throws {
        self.run = run
        reader = try ImageReader(run.image, job: run.job, run.way)
    }

    func perform(_ job: ApplyRun.Job) throws {
        switch job {
        case .makeDirectory(let node, let parent): try makeDirectory(node, parent)
        case .list(let directory, let entries): try run.begin(directory, entries)
        case .known(let directory): try run.complete(directory)
        case .entries(let directory, let nodes):
            for node in nodes {
                try run.job.checkCancelled()
                try write(node, in: directory)
            }
        case .entry(let directory, let node): try write(node, in: directory)
        case .copy(let directory, let node): try writeAlone(node, in: directory)
        case .rewrite(let directory, let node, let blobs): try rewriteFile(node, blobs, in: directory)
        case .metadata(let directory, let node): try setMetadata(node, in: directory)
        case .blobs(let file): try help(file)
        case .delete(let directory, let name): try delete(name, in: directory)
        }
    }

    func metadata(_ node: Node, in directory: RestoredDirectory) -> EntryMetadata {
        run.metadata(of: node) { directory.handle.path(of: node.name) }
    }

    /// By name: of any entry that is not open.
    private func set(_ metadata: EntryMetadata, on name: [UInt8], in folder: DirectoryHandle) throws(SystemError) {
        let followed: LinkHandling.Followed = metadata.node.type == .symlink ? try run.links.followed(in: folder) : []
        try metadata.set(on: name, in: try folder.open().descriptor, followed)
    }

    /// So many bytes of content more are on their way to the disk.
    func wrote(_ bytes: Int) {
        unsynced += bytes
        guard unsynced >= 4 << 20 else { return }
        run.writeBack.wrote(unsynced)
        unsynced = 0
    }

    // MARK: Directories

    private func makeDirectory(_ node: Node, _ parent: RestoredDirectory) throws {
        let image = try reader.directory(node, in: parent.image)
        let entries = try reader.entries(of: image)
        let made = try run.concerning(parent.handle, node.name) { () throws(SystemError) in
            try make(node.name, in: parent)
            return try DirectoryHandle(node.name, in: parent.handle)
        }
        run.job.add(1, to: .filesDone)
        guard let handle = made else { return try run.complete(parent) }
        run.count(bytes: 0, entries: 1)
        run.placement.touched(handle)
        try run.begin(RestoredDirectory(handle, image: image, node: node, outstanding: 1, parent: parent), entries)
    }

    /// A directory that is there already is used; anything else under the name is moved aside.
    private func make(_ name: [UInt8], in parent: RestoredDirectory) throws(SystemError) {
        let open = try parent.handle.open()
        do throws(SystemError) { try open.descriptor.makeDirectory(name, mode: 0o700) } catch {
            guard error.isExists else { throw error }
            if try open.descriptor.status(of: name).kind == .directory { return }
            try run.placement.moveAside(name, in: parent)
            try open.descriptor.makeDirectory(name, mode: 0o700)
        }
    }

    private func delete(_ name: [UInt8], in directory: RestoredDirectory) throws {
        let run = run
        let removal = TreeRemoval(isOfPlace: { run.faults.isOfPlace($0, needing: 0) }) { folder, name, detail in
            run.issues.add(EntryIssue(kind: .unrestored, path: folder.path(of: name), detail: detail))
        }
        let isGone = try run.concerning(directory.handle, name) { () throws(SystemError) in try removal.remove(name, in: directory.handle) }
        if isGone == true { run.count(bytes: 0, entries: 1) }
        try run.complete(directory)
    }

    private func setMetadata(_ node: Node, in directory: RestoredDirectory) throws {
        let metadata = metadata(node, in: directory)
        let done: Void? = try run.concerning(directory.handle, node.name) { () throws(SystemError) in
            try set(metadata, on: node.name, in: directory.handle)
        }
        if done != nil { run.count(bytes: 0, entries: 1) }
        try run.complete(directory)
    }

    // MARK: Entries that are not directories

    func write(_ node: Node, in directory: RestoredDirectory) throws {
        if node.type == .irregular || node.type == .dir { return try leaveOut(node, in: directory, "an entry of unknown type is left out") }
        if run.options.privileges == .leftOut, let device = node.deviceWords {
            return try leaveOut(node, in: directory, "\(device): \(EntryMetadata.needsWord)")
        }
        // What is made under a temporary name could never get its own there.
        if directory.isAppendOnly { return try leaveOut(node, in: directory, "its directory is append-only (lsattr)") }
        guard run.claims(node, EntryLocation(directory: directory.handle, name: node.name), in: directory) else { return }
        try writeAlone(node, in: directory)
    }

    private func leaveOut(_ node: Node, in directory: RestoredDirectory, _ reason: String) throws {
        run.issues.add(EntryIssue(kind: .unrestored, path: directory.handle.path(of: node.name), detail: reason))
        run.job.add(1, to: .filesDone)
        try run.complete(directory)
    }

    private func writeAlone(_ node: Node, in directory: RestoredDirectory) throws {
        try node.type == .file ? writeFile(node, in: directory) : writeSpecial(node, in: directory)
    }

    private func writeSpecial(_ node: Node, in directory: RestoredDirectory) throws {
        let working = run.placement.workingName(for: node.name, in: directory.handle)
        let metadata = metadata(node, in: directory)
        let made: Void? = try run.concerning(directory.handle, node.name) { () throws(SystemError) in
            let open = try directory.handle.open()
            do throws(SystemError) { try make(node, as: working, in: open.descriptor) } catch {
                // exfat-fuse makes a file where it says that it can make no FIFO.
                if !error.isExists { try? open.descriptor.remove(working) }
                throw error
            }
            try set(metadata, on: working, in: directory.handle)
        }
        guard made != nil else { return try skip(node, working, directory) }
        run.count(bytes: 0, entries: 1)
        try place(working, node, in: directory, bytes: 0)
    }

    private func make(_ node: Node, as name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        switch node.type {
        case .symlink: try folder.makeSymlink(name, to: node.linkTarget)
        case .fifo: try folder.makeFifo(name, mode: 0o600)
        default: try folder.makeNode(name, mode: FileMode.toPOSIX(node.mode) & ~0o7777 | 0o600, device: node.device)
        }
    }

    /// There is nothing under the working name, and the entry will not be made.
    func skip(_ node: Node, _ working: [UInt8], _ directory: RestoredDirectory) throws {
        run.abandonClaim(node, in: directory)
        run.placement.gaveUp(working)
        run.job.add(1, to: .filesDone)
        try run.complete(directory)
    }

    /// The entry is as it shall be but for its name.
    func place(_ working: [UInt8], _ node: Node, in directory: RestoredDirectory, bytes: Int) throws {
        run.job.add(1, to: .filesDone)
        if run.placement.isDirect { return try run.complete(directory) }
        if run.placement.finished(working, as: node.name, in: directory, bytes: bytes) { try run.flush() }
    }
}
