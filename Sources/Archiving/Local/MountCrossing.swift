import CHost
import Glibc
package import HostIO
import ResticFormat

/// What lies on another mount than its directory.
package struct MountCrossing {
    /// Of the directory.
    let device: UInt64
    /// Not positive when the kernel does not tell.
    let mount: Int64

    package init(of folder: borrowing Descriptor) throws(SystemError) {
        self.init(device: try folder.status().device, mount: holdfast_mount_id(folder.raw, ""))
    }

    init(device: UInt64, mount: Int64) {
        self.device = device
        self.mount = mount
    }

    package func leads(toDevice other: UInt64, _ mount: Int64) -> Bool {
        other != device || (self.mount > 0 && mount > 0 && mount != self.mount)
    }

    /// A btrfs subvolume has another device and is no mount. Where the kernel does not tell mounts, every other device counts as one.
    func isMount(_ mount: Int64) -> Bool { self.mount <= 0 || mount <= 0 || mount != self.mount }

    /// The type of the file system that the entry lies on when the kernel makes that up. Mounts nothing.
    package static func kernelFileSystem(_ name: [UInt8], in folder: borrowing Descriptor, _ mount: Int64) -> String? {
        guard let entry = try? folder.open(name, [.place]) else { return nil }
        let magic = holdfast_file_system_magic(entry.raw)
        if let kind = KernelFileSystem.name(magic: magic) { return kind }
        guard FileSystemKind(magic: magic) == .tmpfs, let kind = try? MountTable.read().mount(mount)?.kind else { return nil }
        return KernelFileSystem.isNamed(kind) ? kind : nil
    }

    static func detail(_ kind: String) -> String {
        kind == "autofs"
            ? "nothing is mounted on this automount point (autofs), and a backup does not mount it"
            : "\(kind): the kernel makes up what is in it, and nothing of that is stored"
    }
}

extension Node {
    /// Of a directory on such a file system what stays the same.
    mutating func becomeHollow() {
        (mtime, atime, ctime) = (.epoch, .epoch, .epoch)
        (inode, links, size) = (0, 1, 0)
    }
}
