import Glibc
package import HostIO

/// A file system mounted for one test; unmounted when the last reference goes. Needs root.
package final class MountedFileSystem: Sendable {
    private let directory: TemporaryDirectory
    package let path: String

    /// A tmpfs of `megabytes`.
    package static func tmpfs(megabytes: Int) throws -> MountedFileSystem {
        try MountedFileSystem { path, _ in ["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path] }
    }

    /// A new file system of `kind` in a sparse file of `megabytes` (btrfs wants 110 at least, XFS 300), loop-mounted.
    package static func loop(_ kind: FileSystemKind, megabytes: Int, options: String = "loop") throws -> MountedFileSystem {
        try MountedFileSystem { path, directory in
            let image = directory.file("image")
            let file = try Descriptor.open(image, [.write, .createNew])
            try file.truncate(to: Int64(megabytes) << 20)
            let quiet = kind == .ext4 ? ["-q", "-F"] : ["-q"]
            try run(["mkfs.\(kind.rawValue)"] + quiet + [image])
            return ["mount", "-o", options, image, path]
        }
    }

    /// exFAT through FUSE, since hardly any kernel of a container host has it. For tests that asked ``hasExFAT(_:)``.
    package static func exFAT(megabytes: Int) throws -> MountedFileSystem {
        try MountedFileSystem { path, directory in
            let image = directory.file("image")
            try Descriptor.open(image, [.write, .createNew]).truncate(to: Int64(megabytes) << 20)
            try run(["mkfs.exfat", image])
            let device = try ChildProcess(["losetup", "--find", "--show", image]).run().outputText.filter { !$0.isNewline }
            // It goes with the mount.
            return ["sh", "-c", "mount.exfat-fuse '\(device)' '\(path)'; s=$?; losetup -d '\(device)'; exit $s"]
        }
    }

    package static func hasExFAT(_ reason: String) -> Bool {
        isInstalled("mount.exfat-fuse", package: "exfat-fuse") && isInstalled("mkfs.exfat", package: "exfatprogs") && canMount(reason)
    }

    /// What is in a directory, seen at another path.
    package static func bind(_ source: String) throws -> MountedFileSystem {
        try MountedFileSystem { path, _ in ["mount", "--bind", source, path] }
    }

    private init(_ prepare: (String, TemporaryDirectory) throws -> [String]) throws {
        directory = try TemporaryDirectory()
        path = try directory.folder("mount")
        try Self.run(try prepare(path, directory))
    }

    /// Leaves not a byte: large pieces first, then smaller ones. What is freed later is not taken again.
    package func fillUp() throws {
        var random = SeededRandom(seed: 1)
        let folder = Path.join(path, "filling")
        try makeDirectories(folder)
        for size in [4 << 20, 256 << 10, 4096, 512, 1] {
            let piece = random.bytes(size)
            for round in 0..<2 {
                do throws(SystemError) {
                    let file = try Descriptor.openDirectory(folder).open(Array("\(size)-\(round)".utf8), [.write, .createNew])
                    do throws(SystemError) { while true { try file.write(piece) } } catch { guard error.isNoSpace else { throw error } }
                    // Blocks that were only promised until now.
                    try file.sync()
                } catch { guard error.isNoSpace else { throw error } }
            }
        }
    }

    package func remount(readOnly: Bool) throws { try Self.run(["mount", "-o", "remount,\(readOnly ? "ro" : "rw")", path]) }

    /// `umount -l`: gone from the tree at once, whoever has it open.
    package func vanish() throws { try Self.run(["umount", "-l", path]) }

    private static func run(_ arguments: [String]) throws {
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    }

    deinit { _ = try? ChildProcess(["umount", "-l", path]).run() }
}

/// A program that a test needs ended badly.
package struct ToolFailed: Error, CustomStringConvertible {
    package let arguments: [String]
    package let outcome: ChildProcess.Outcome

    package init(arguments: [String], outcome: ChildProcess.Outcome) {
        self.arguments = arguments
        self.outcome = outcome
    }

    package var description: String {
        "\(arguments.joined(separator: " ")): \(outcome.ending)\n\(outcome.outputText)\n\(outcome.errorText)"
    }
}

/// Whether tests may mount; says on standard output when they may not, so that a skipped test has a reason.
package func canMount(_ reason: String) -> Bool {
    if isRoot, (try? MountedFileSystem.tmpfs(megabytes: 1)) != nil { return true }
    print("skipped, since this process may not mount file systems: \(reason)")
    return false
}
