import Glibc
package import HostIO
import Model

/// The directory itself, and what is done with the files in it.
extension StateDirectory {
    /// Nil where there is none. Throws `refused` when it is a symbolic link, or when others than root, the user of this process and its owner could change
    /// it or put another one in its place.
    package func folder() throws -> SharedDescriptor? {
        let real = try trusted()
        do { return SharedDescriptor(try Descriptor.openDirectory(withoutLinks: real)) } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
    }

    /// Makes it where there is none.
    package func madeFolder() throws -> SharedDescriptor {
        if let there = try folder() { return there }
        try makeDirectories(try trusted())
        guard let made = try folder() else { throw SystemError(ENOENT, "open", path) }
        return made
    }

    /// Nil when there is no such file.
    package func read(_ name: String) throws -> [UInt8]? {
        guard let folder = try folder() else { return nil }
        return try AtomicFile.readIfPresent(name, in: folder.descriptor)
    }

    package func write(_ bytes: [UInt8], _ name: String) throws {
        try AtomicFile.write(bytes, to: Array(name.utf8), in: madeFolder().descriptor)
    }

    package func remove(_ name: String) throws {
        guard let folder = try folder() else { return }
        try removeTree(Array(name.utf8), in: folder.descriptor)
    }

    package func takeLock(_ name: String, _ purpose: String, _ host: Host, _ patience: LockPatience) throws -> FileLock {
        try FileLock.take(name, in: madeFolder().descriptor, purpose: purpose, host: host, patience: patience)
    }

    /// Who holds a lock; nil when nobody does.
    package func holder(_ name: String) throws -> String? {
        guard let folder = try folder() else { return nil }
        return try FileLock.holder(of: name, in: folder.descriptor)
    }

    /// A directory in it; nil where there is none.
    func existingSubfolder(_ name: String) throws -> SharedDescriptor? {
        guard let folder = try folder() else { return nil }
        do throws(SystemError) { return SharedDescriptor(try folder.descriptor.openDirectory(Array(name.utf8))) } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
    }

    /// A directory in it, which is made where there is none.
    func subfolder(_ name: String) throws -> SharedDescriptor {
        let folder = try madeFolder()
        do throws(SystemError) { try folder.descriptor.makeSharedDirectory(Array(name.utf8), mode: 0o700) } catch {
            guard error.isExists else { throw error }
        }
        do throws(SystemError) { return SharedDescriptor(try folder.descriptor.openDirectory(Array(name.utf8))) } catch {
            guard error.errno == ENOTDIR || error.errno == ELOOP else { throw error }
            throw Failure(
                .refused, "\(path)/\(name) is a symbolic link or a file, where a directory has to be",
                hint: "remove it; the directory is made again", cause: error.failure.summary)
        }
    }

    /// An empty directory of one's own in `scratch`, where left-overs of dead processes are removed first.
    package func makeScratch() throws -> ScratchDirectory {
        let parent = try subfolder(Self.scratch)
        try ScratchDirectory.sweep(in: parent.descriptor)
        return try ScratchDirectory(in: parent, at: parent.descriptor.path)
    }

    /// Whose it is, for root, who works in it as that user would; nil for everybody else.
    var ownerForRoot: UInt32? { geteuid() == 0 ? TrustedWay.owner(of: path) : nil }

    /// Without symbolic links. Root works in the state of another user as that user would, if nobody else has a hand in it.
    private func trusted() throws -> String {
        if let status = try? Descriptor.openDirectory(Path.parent(path)).statusIfPresent(of: Array(Path.lastComponent(path).utf8)),
            status.kind == .symlink
        {
            throw Failure(
                .refused, "the state \(path) is a symbolic link",
                hint: "write the place that it leads to into the cluster file, as readlink -f \(shellWord(path)) shows it")
        }
        let way = TrustedWay(path, .present(and: ownerForRoot))
        if let distrust = way.distrust { throw distrust.failure(.refused, "the state \(path)") }
        return way.real
    }
}
