package import HostIO

/// Where other file systems are mounted below a directory; bind mounts too.
package struct MountPoints: Sendable {
    /// Of the directory, as the kernel has it.
    private let real: String
    package let mounts: [MountTable.Mount]

    package init(inside folder: borrowing Descriptor) throws {
        let links = try Descriptor.openDirectory("/proc/self/fd")
        real = FileName.text(try links.readSymlink(Array("\(folder.raw)".utf8)))
        mounts = try MountTable.read().inside(real)
    }

    package var first: String? { mounts.first?.place }

    /// What is walked as a part of the directory, with its type: "data (ext4)".
    package var walked: [String] { mounts.filter { !Self.isLeftOut($0) }.map(text) }
    /// What the kernel makes up, and is left out.
    package var leftOut: [String] { mounts.filter(Self.isLeftOut).map(text) }

    private static func isLeftOut(_ mount: MountTable.Mount) -> Bool { KernelFileSystem.isNamed(mount.kind) }

    private func text(_ mount: MountTable.Mount) -> String {
        "\(mount.place.dropFirst(real == "/" ? 1 : real.count + 1)) (\(mount.kind))"
    }
}
