import Archiving
import HDFSStore
import HostIO
import Model
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// A store in a directory of its own in a real HDFS.
struct HDFSFixture: StoreUnderTest {
    let home: TemporaryDirectory
    let client: HDFSClient
    let path: HDFSPath
    let store: HDFSStore

    init(_ server: HDFSServer? = nil) throws {
        let server = try server ?? HDFSServer.shared
        home = try TemporaryDirectory()
        let parent = try #require(HDFSPath(server.folder("store")))
        path = try #require(parent.appending(relative: "lake"))
        let address = HDFSAddress(nameNodes: [.init(host: server.host, port: UInt16(server.port))], path: path)
        client = try HDFSClient(address, HDFSOptions(user: Host.current().user), clock: SystemClock())
        store = HDFSStore(
            StoreDeclaration(name: "lake", kind: .hdfs, role: .data, path: address.description), client, host: .forTests())
    }

    var adapter: any StoreAdapter { store }
    var nativeImageFolder: String? { nil }
    var nativeImagesOutliveTheStore: Bool { false }
    var scratchParent: String { home.file("scratch") }

    func at(_ relative: String) throws -> HDFSPath { try #require(path.appending(relative: relative)) }

    func put(_ relative: String, _ text: String) throws {
        var text = text
        _ = try text.withUTF8 { bytes in
            try client.publish(at(relative), HDFSFileOptions(replacing: .always), parts: [UnsafeRawBufferPointer(bytes)])
        }
    }

    func rename(_ from: String, _ to: String) throws { try client.rename(at(from), to: at(to)) }

    func fill() throws {
        try client.makeDirectories(path)
        try put("reports/2026/a.csv", "id,sum\n1,2\n")
        try put("reports/2026/b.csv", "id,sum\n3,4\n")
        try put("reports/readme", "what is here")
        try put("raw/part-0", String(repeating: "0123456789", count: 100_000))
        try put("raw/part-1", String(repeating: "abcdefghij", count: 50_000))
        try put("raw/empty", "")
        try put("odd/ü %41 + 'quotes' \"two\" \\back", "odd")
        try put("swap/one", "1")
        try put("swap/two", "2")
        try put("notes/x", "x")
        try client.makeDirectories(at("hollow/deep"), permission: 0o750)
        try client.setPermission(of: at("reports/2026/a.csv"), 0o640)
        try client.setOwner(of: at("reports/2026"), owner: "analyst", group: "science")
        try client.setAttribute(of: at("reports"), HDFSAttribute(name: "user.note", value: Array("kept".utf8)))
        try client.setAttribute(of: at("raw/part-1"), HDFSAttribute(name: "user.origin", value: [0, 1, 255]))
        try client.setAccessList(of: at("reports/readme"), ["user::rw-", "user:bob:r--", "group::r--", "mask::r--", "other::---"])
        try client.setReplication(of: at("raw/part-0"), 2)
    }

    func damage(_ round: Int) throws {
        switch round {
        case 0:
            try client.remove(at("reports/2026/a.csv"))
            try put("reports/2026/new.csv", "new")
            try append("raw/part-1", "more")
            try put("raw/part-0", "replaced")
            try client.setPermission(of: at("notes/x"), 0o600)
        case 1:
            try rename("reports", "archive")
            try put("archive/2026/c.csv", "c")
            try rename("archive/2026/b.csv", "b-moved")
            try rename("swap/one", "swap/three")
            try rename("swap/two", "swap/one")
            try rename("swap/three", "swap/two")
            try client.removeAttribute(of: at("archive"), named: "user.note")
            try client.remove(at("hollow"), .tree)
        default:
            try client.remove(at("raw"), .tree)
            try put("raw/part-0", "another")
            try put("fresh/inner/file", "f")
            try rename("notes", "fresh/inner/notes")
            // An earlier round may have renamed them.
            try? client.removeAccessList(of: at("reports/readme"))
            try put("odd/ü %41 + 'quotes' \"two\" \\back", "other")
            try? client.setOwner(of: at("reports/2026"), owner: "somebody", group: "science")
        }
    }

    func append(_ relative: String, _ text: String) throws {
        let place = try at(relative)
        try put(relative + ".tail", text)
        // Moves the blocks of the other file to the end.
        try client.concatenate([at(relative + ".tail")], onto: place)
    }

    func content() throws -> [String] { try content(withTimes: true) }

    func content(withTimes: Bool) throws -> [String] {
        guard try client.status(of: path) != nil else { return [] }
        var lines: [String] = []
        try describe(path, "", withTimes, &lines)
        return lines
    }

    private func describe(_ folder: HDFSPath, _ prefix: String, _ withTimes: Bool, _ lines: inout [String]) throws {
        for status in try client.entries(of: folder) {
            let place = try #require(folder.appending(status.name))
            let name = prefix + String(decoding: status.name, as: UTF8.self)
            let attributes = try client.attributes(of: place).map { "\($0.name)=\($0.value)" }.sorted()
            let list = status.hasACL ? try client.accessList(of: place).entries : []
            var line =
                "\(name) \(status.kind.rawValue) \(String(status.permission, radix: 8)) \(status.owner):\(status.group) \(attributes) \(list)"
            if status.kind == .file {
                line += " \(status.length) \(status.replication) \(status.blockSize) \(try hash(place))"
                if withTimes { line += " \(status.modificationTime)" }
            }
            lines.append(line)
            if status.kind == .directory { try describe(place, name + "/", withTimes, &lines) }
        }
    }

    private func hash(_ file: HDFSPath) throws -> Int {
        let reader = try client.open(file)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { room.deallocate() }
        var hasher = Hasher()
        while true {
            let count = try reader.read(into: room)
            if count == 0 { return hasher.finalize() }
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }

    func surroundings() throws -> [String] {
        var names = try client.entries(of: path.parent).map { String(decoding: $0.name, as: UTF8.self) }
        names += try client.entries(of: path).map { "lake/" + String(decoding: $0.name, as: UTF8.self) }
        return names.sorted()
    }

    /// A directory with snapshots cannot be removed.
    func remove() throws {
        for id in try store.nativeImages() { try store.removeNativeImage(id) }
        try client.remove(path, .tree)
    }
}
