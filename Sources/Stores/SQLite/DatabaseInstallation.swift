import HostIO
import Model

/// Puts a database file where none is, or in place of one that SQLite cannot read: written beside it, made durable, then renamed.
struct DatabaseInstallation {
    private let image: StagedDatabase
    private let files: DatabaseFiles

    init(of image: StagedDatabase, at files: DatabaseFiles) {
        self.image = image
        self.files = files
    }

    func run(_ job: JobControl) throws {
        try makeDirectories(files.folder, mode: 0o755)
        let folder = SharedDescriptor(try Descriptor.openDirectory(files.folder))
        let temporary = Array(".".utf8) + files.name + Array(".holdfast-new".utf8)
        try removeTree(temporary, in: folder.descriptor)
        do {
            let place = Path.join(files.folder, FileName.text(temporary))
            try write(to: SharedDescriptor(try folder.descriptor.open(temporary, [.write, .createNew])), at: place, job)
            try files.removeSidecars()
            try folder.descriptor.rename(temporary, to: files.name)
            try folder.descriptor.sync()
        } catch {
            try? folder.descriptor.remove(temporary)
            throw error
        }
    }

    private func write(to target: SharedDescriptor, at place: String, _ job: JobControl) throws {
        let source = SharedDescriptor(try Descriptor.open(image.path, .read))
        let size = Int(clamping: try source.descriptor.status().size)
        job.add(size, to: .bytesExpected)
        if try isReflinked(source, target) {
            job.add(size, to: .bytesDone)
        } else {
            try copy(source, to: target, job)
        }
        try FileMetadata(ofFileAt: image.path).apply(toFileAt: place, withTimes: true)
        try target.descriptor.sync()
    }

    private func isReflinked(_ source: SharedDescriptor, _ target: SharedDescriptor) throws -> Bool {
        do {
            try target.descriptor.reflink(from: source.descriptor)
            return true
        } catch {
            guard error.isUnsupported else { throw error }
            return false
        }
    }

    private func copy(_ source: SharedDescriptor, to target: SharedDescriptor, _ job: JobControl) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            try job.checkCancelled()
            let count = try source.descriptor.read(into: buffer)
            if count == 0 { return }
            try target.descriptor.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            job.add(count, to: .bytesDone)
        }
    }
}
