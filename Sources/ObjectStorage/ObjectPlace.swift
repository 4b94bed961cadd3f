import Glibc
import HostIO

/// Where an object lies below the root.
struct ObjectPlace {
    /// Components of the directory; empty for the root itself.
    let folder: [[UInt8]]
    let file: [UInt8]

    init(_ name: ObjectName) {
        let components = name.text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        folder = Array(components.dropLast())
        file = components.last ?? []
    }

    /// A name beside the final one that restic, too, takes for a left-over.
    func temporary(_ random: String) -> [UInt8] { file + Array("-tmp-\(random)".utf8) }

    /// Whether a file name is one of ``temporary(_:)``.
    static func isTemporary(_ file: [UInt8]) -> Bool {
        let name = String(decoding: file, as: UTF8.self)
        guard let mark = name.firstRange(of: "-tmp-") else { return false }
        return !name[mark.upperBound...].isEmpty && name[mark.upperBound...].utf8.allSatisfy { ($0 | 0x20) >= 0x30 && $0 < 0x7B }
    }
}

/// Directories below a root, component by component, symlinks not followed.
enum Folders {
    static func open(_ components: [[UInt8]], below root: SharedDescriptor) throws(SystemError) -> SharedDescriptor {
        var folder = root
        for component in components { folder = SharedDescriptor(try folder.descriptor.openPlainDirectory(component)) }
        return folder
    }

    /// Makes what is missing; each new directory is durable in its parent.
    static func make(
        _ components: [[UInt8]], below root: SharedDescriptor, mode: UInt32
    ) throws(SystemError) -> SharedDescriptor {
        var folder = root
        for component in components {
            do throws(SystemError) {
                folder = SharedDescriptor(try folder.descriptor.openPlainDirectory(component))
            } catch {
                guard error.errno == ENOENT else { throw error }
                do throws(SystemError) { try folder.descriptor.makeSharedDirectory(component, mode: mode) } catch {
                    guard error.isExists else { throw error }
                }
                try sync(folder.descriptor)
                folder = SharedDescriptor(try folder.descriptor.openPlainDirectory(component))
            }
        }
        return folder
    }

    /// fsync(2) of a directory; some file systems (CIFS, some FUSE) have no such thing, and then nothing better can be done.
    static func sync(_ folder: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) { try folder.sync() } catch { if !error.isUnsupported { throw error } }
    }
}
