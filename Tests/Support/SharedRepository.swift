import struct Foundation.Data
import class Foundation.JSONDecoder
import struct Foundation.URL
package import HostIO
package import ObjectStorage
package import RepositoryEngine
package import ResticFormat

/// A repository directory that both Holdfast and restic work on.
package struct SharedRepository: Sendable {
    package let directory: TemporaryDirectory
    package let storage: DirectoryStorage
    package let restic: Restic
    package let host: Host

    package static let password = "correct horse"

    /// Empty: nobody has made a repository there yet.
    package init(clock: any WallClock = SystemClock()) throws {
        directory = try TemporaryDirectory()
        storage = try DirectoryStorage.create(at: directory.file("repository"))
        restic = try Restic(directory.file("repository"), password: Self.password)
        host = .forTests(clock: clock)
    }

    package func create() throws -> OpenRepository {
        try OpenRepository.create(in: storage, password: Password(Self.password), cost: .quick, host: host)
    }

    /// Made by restic, then given a key that opens quickly: restic's own takes half a second each time.
    package func createByRestic(version: Int = 2) throws {
        try restic.run("init", "--repository-version", "\(version)")
        let repository = try open()
        _ = try repository.addKey(Password(Self.password), cost: .quick)
        try repository.removeKey(repository.openedWith)
    }

    /// The same files in a directory of its own.
    package func copy() throws -> SharedRepository {
        let copy = try SharedRepository()
        _ = try ChildProcess(["cp", "-a", directory.file("repository") + "/.", copy.directory.file("repository")]).run()
        return copy
    }

    package func open() throws -> OpenRepository {
        try OpenRepository.open(DirectoryStorage(directory.file("repository")), password: Password(Self.password), host: host)
    }

    /// Writes a sample tree as files into a new directory and gives its path.
    package func folder(_ name: String, _ tree: SampleTree) throws -> String {
        let path = try directory.folder(name)
        for (file, content) in tree.files { try Self.put(content, at: Path.join(path, file)) }
        for (folder, below) in tree.folders { _ = try self.folder("\(name)/\(folder)", below) }
        return path
    }

    /// The files below a directory, as a sample tree.
    package static func sample(at path: String) throws -> SampleTree {
        var tree = SampleTree()
        for entry in try Descriptor.openDirectory(path).entries() {
            let name = String(decoding: entry.name, as: UTF8.self)
            if entry.kind == .directory {
                tree.folders[name] = try sample(at: Path.join(path, name))
            } else {
                tree.files[name] = try bytes(of: Path.join(path, name))
            }
        }
        return tree
    }

    /// Writes a file without syncing it.
    package static func put(_ bytes: [UInt8], at path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

    /// A whole file.
    package static func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    /// What restic restores of a snapshot.
    package func resticRestore(_ id: SnapshotID) throws -> SampleTree {
        let target = try directory.folder("restored-\(id.short)-\(UInt64.random(in: 0...(.max)))")
        try restic.run("restore", id.hex, "--target", target)
        return try Self.sample(at: target)
    }
}

/// A line of `restic snapshots --json`.
package struct ResticSnapshot: Decodable, Sendable {
    package let id: String
    package let time: String
    package let tree: String
    package let paths: [String]
    package let hostname: String
    package let tags: [String]?
}

extension Restic {
    package func snapshots() throws -> [ResticSnapshot] {
        try JSONDecoder().decode([ResticSnapshot].self, from: Data(try run("snapshots", "--json").utf8))
    }

    /// Lines of `restic list`.
    package func list(_ kind: String) throws -> [String] { try run("list", kind).split(separator: "\n").map(String.init) }
}
