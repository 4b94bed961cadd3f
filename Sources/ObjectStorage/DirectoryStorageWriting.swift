import Glibc
import HostIO
import Synchronization

extension DirectoryStorage {
    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try put(name, parts) { folder, temporary, file throws(SystemError) in
            do throws(SystemError) { try Placing.withoutReplacing(temporary, file, in: folder) } catch {
                // An earlier attempt may have failed between the rename and the sync of the directory.
                if error.isExists { try Folders.sync(folder) }
                throw error
            }
        }
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try put(name, parts) { folder, temporary, file throws(SystemError) in try folder.rename(temporary, to: file) }
        opened.forget(name)
    }

    private func put(
        _ name: ObjectName, _ parts: [UnsafeRawBufferPointer],
        place putInPlace: (borrowing Descriptor, [UInt8], [UInt8]) throws(SystemError) -> Void
    ) throws(StorageError) {
        let place = ObjectPlace(name)
        guard !ObjectPlace.isTemporary(place.file) else {
            throw StorageError(.permission, name.text, in: location, detail: "the name is kept for unfinished objects")
        }
        try doing(name.text) { root throws(SystemError) in
            let modes = try modes(root)
            let folder = try Folders.make(place.folder, below: root, mode: modes.directory)
            let temporary = place.temporary(unusedName())
            do throws(SystemError) {
                try Placing.fill(temporary, parts, modes, in: folder.descriptor)
                try putInPlace(folder.descriptor, temporary, place.file)
            } catch {
                try? folder.descriptor.remove(temporary)
                throw error
            }
            try Folders.sync(folder.descriptor)
        }
    }
}

/// The steps of a write.
private enum Placing {
    static func fill(
        _ temporary: [UInt8], _ parts: [UnsafeRawBufferPointer], _ modes: FileModes, in folder: borrowing Descriptor
    ) throws(SystemError) {
        let file = try folder.open(temporary, [.write, .createNew], mode: modes.temporary)
        try file.takeOwner(of: folder)
        try file.writeUncached(parts)
        try file.setModeWhereThereAreModes(modes.object)
        try file.sync()
        try file.close()
    }

    /// renameat2(2) without replacing; a hard link where the file system lacks that (NFS); looking first where it has neither (FAT).
    static func withoutReplacing(_ temporary: [UInt8], _ file: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) {
            try folder.renameWithoutReplacing(temporary, to: file, in: folder)
            return
        } catch { if !error.isUnsupported { throw error } }
        do throws(SystemError) {
            try folder.link(temporary, to: file, in: folder)
        } catch {
            guard error.isUnsupported || error.errno == EPERM || error.errno == EMLINK else { throw error }
            if try folder.statusIfPresent(of: file) != nil { throw SystemError(EEXIST, "rename", folder.path) }
            try folder.rename(temporary, to: file)
            return
        }
        try folder.remove(temporary)
    }
}

private let nameCounter = Atomic<UInt64>(0)

/// Different in every call of every process: 64 random bits and a count.
private func unusedName() -> String {
    var bits: UInt64 = 0
    withUnsafeMutableBytes(of: &bits) { SystemRandom().fill($0) }
    return "\(String(bits, radix: 36))z\(String(nameCounter.add(1, ordering: .relaxed).newValue, radix: 36))"
}
