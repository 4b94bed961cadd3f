import Archiving
import DirectoryStore
import Glibc
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

/// A directory store on a file system, with its native images on the same or on another one.
struct DirectoryFixture: StoreUnderTest {
    /// Where the store is and whether it is a subvolume.
    enum Place: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case plain, btrfsSubvolume, btrfsDirectory, xfs

        var testDescription: String { rawValue }

        static let mounted: [Place] = canMount("directory stores on btrfs and XFS") ? [.btrfsSubvolume, .btrfsDirectory, .xfs] : []
        static let available: [Place] = [.plain] + mounted
    }

    let place: Place
    let home: TemporaryDirectory
    private let mount: MountedFileSystem?
    private let base: TemporaryDirectory
    let path: String
    let images: String
    let store: DirectoryStore

    /// `mount` is one that ``mount(for:)`` made, to be shared by several fixtures; each has a directory of its own there.
    init(_ place: Place, on shared: MountedFileSystem? = nil, clock: any WallClock = SystemClock()) throws {
        self.place = place
        home = try TemporaryDirectory()
        mount = try shared ?? Self.mount(for: place)
        let base = try mount.map { try TemporaryDirectory(in: $0.path) } ?? home
        self.base = base
        path = base.file("store")
        images = base.file("storage/images/uploads")
        let declaration = StoreDeclaration(name: "uploads", kind: .directory, role: .content, path: path)
        store = DirectoryStore(declaration, nativeImageFolder: images, host: .forTests(clock: clock))
    }

    /// Nil for a store on the file system of the temporary directory.
    static func mount(for place: Place) throws -> MountedFileSystem? {
        switch place {
        case .plain: nil
        case .btrfsSubvolume, .btrfsDirectory: try .loop(.btrfs, megabytes: 256)
        case .xfs: try .loop(.xfs, megabytes: 320)
        }
    }

    var adapter: any StoreAdapter { store }
    var nativeImageFolder: String? { images }
    var scratchParent: String { home.file("scratch") }

    func fill() throws {
        if place == .btrfsSubvolume {
            try Self.run(["btrfs", "-q", "subvolume", "create", path])
        } else {
            try makeDirectories(path, mode: 0o755)
        }
        try write("a.txt", "first")
        try write("empty", "")
        try makeDirectories(Path.join(path, "reports/2026/deep"), mode: 0o750)
        try write("reports/2026/q1.csv", String(repeating: "1,2,3\n", count: 30_000))
        try write("reports/2026/deep/note", "deep")
        let root = try Descriptor.openDirectory(path)
        try root.makeSymlink(Array("link".utf8), to: Array("reports/2026".utf8))
        try root.makeSymlink(Array("dangling".utf8), to: Array("/nowhere/at all".utf8))
        try root.makeFifo(Array("pipe".utf8), mode: 0o600)
        try root.link(Array("a.txt".utf8), to: Array("a-again.txt".utf8), in: root)
        try root.setAttribute(Array("user.note".utf8), Array("kept".utf8), of: Array("a.txt".utf8))
        try write([0x6E, 0xFF, 0xFE], "a name that is not UTF-8")
        if geteuid() == 0 { try root.setOwner(of: Array("empty".utf8), uid: 1001, gid: 1002) }
        try root.setMode(of: Array("empty".utf8), 0o4711)
        try root.setTimes(
            of: Array("a.txt".utf8), accessed: Timestamp(seconds: 1_000), modified: Timestamp(seconds: 1_234, nanoseconds: 567))
        let sparse = try Descriptor.open(Path.join(path, "sparse"), [.write, .createNew])
        try sparse.truncate(to: 3 << 20)
        try Array("end".utf8).withUnsafeBytes { try sparse.write($0, at: 2 << 20) }
    }

    func damage(_ round: Int) throws {
        try makeDirectories(Path.join(path, "reports/2026"))
        try write("reports/2026/q1.csv", "overwritten \(round)")
        try write("stray-\(round)", String(repeating: "x", count: 1000 * (round + 1)))
        let root = try Descriptor.openDirectory(path)
        switch round % 3 {
        case 0:
            try removeTree(Array("reports".utf8), in: root)
            try root.setMode(of: Array("empty".utf8), 0o600)
        case 1:
            try removeTree(Array("a.txt".utf8), in: root)
            try makeDirectories(Path.join(path, "a.txt/now a directory"))
        default:
            try removeTree(Array("link".utf8), in: root)
            try write("link", "now a file")
            try removeTree(Array("pipe".utf8), in: root)
        }
    }

    func content() throws -> [String] {
        guard try statusOfPath(path) != nil else { return [] }
        var lines: [String] = []
        try describe(SharedDescriptor(try Descriptor.openDirectory(path)), "", &lines)
        return lines.sorted()
    }

    private func describe(_ folder: SharedDescriptor, _ prefix: String, _ lines: inout [String]) throws {
        for entry in try folder.descriptor.entries() {
            let status = try folder.descriptor.status(of: entry.name)
            let name = prefix + entry.name.map { String($0, radix: 16) }.joined()
            var line = "\(name) \(String(status.mode, radix: 8)) \(status.uid):\(status.gid) \(status.modified) links \(status.links)"
            for attribute in try folder.descriptor.attributeNames(of: entry.name) {
                line += " \(attribute)=\(try folder.descriptor.attribute(attribute, of: entry.name) ?? [])"
            }
            switch status.kind {
            case .file: line += " \(status.size) \(Self.sum(try folder.descriptor.open(entry.name, .read).readAll()))"
            case .symlink: line += " \(try folder.descriptor.readSymlink(entry.name))"
            case .directory: try describe(SharedDescriptor(try folder.descriptor.openDirectory(entry.name)), name + "/", &lines)
            default: break
            }
            // The links of a directory are counted differently by each file system.
            lines.append(status.kind == .directory ? line.replacing(" links \(status.links)", with: "") : line)
        }
    }

    /// FNV-1a.
    private static func sum(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func surroundings() throws -> [String] {
        let parent = try Descriptor.openDirectory(Path.parent(path))
        let beside = try parent.entries().map { FileName.text($0.name) }.filter { $0 != "scratch" && $0 != "storage" }
        return beside.sorted() + (try statusOfPath(path) == nil ? [] : try content())
    }

    func remove() throws {
        try Descriptor.openDirectory(Path.parent(path)).rename(Array("store".utf8), to: Array("moved away".utf8))
    }

    func write(_ name: String, _ text: String) throws { try write(Array(name.utf8), text) }

    private func write(_ name: [UInt8], _ text: String) throws {
        var folder = SharedDescriptor(try Descriptor.openDirectory(path))
        let components = name.split(separator: UInt8(ascii: "/")).map(Array.init)
        for component in components.dropLast() { folder = SharedDescriptor(try folder.descriptor.openDirectory(component)) }
        try folder.descriptor.open(components.last ?? [], [.write, .create, .truncate], mode: 0o644).write(Array(text.utf8))
    }

    static func run(_ arguments: [String]) throws {
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    }
}
