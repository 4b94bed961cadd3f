import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import TestSupport
import Testing
import WebHDFS

/// A cluster whose lake and whose storage lie in a real HDFS, beside a database and a directory of this host.
final class HDFSCluster: Sendable {
    let small: SmallCluster
    /// The folder in HDFS that is this cluster's.
    let client: HDFSClient
    let server: HDFSServer
    let folder: HDFSPath

    init(in root: String, _ server: HDFSServer? = nil, release: Release = "1.0") throws {
        let server = try server ?? HDFSServer.shared
        self.server = server
        folder = try #require(HDFSPath(server.folder("cluster")))
        client = try Self.client(server, folder)
        small = try SmallCluster(in: root)
        try small.writeFile(
            "holdfast.yaml", release: release, storage: "\(address)/holdfast", stores: ["accounts", "uploads", lake(address)])
        try client.makeDirectories(at("lake"))
    }

    static func client(_ server: HDFSServer, _ path: HDFSPath) throws -> HDFSClient {
        let address = HDFSAddress(nameNodes: [.init(host: server.host, port: UInt16(server.port))], path: path)
        return try HDFSClient(
            address, HDFSOptions(.user(Host.current().user), patience: .seconds(60), safeModePatience: .seconds(60)), clock: SystemClock())
    }

    var address: String { client.address.description }
    var storage: String { "\(address)/holdfast" }

    func lake(_ address: String, role: StoreRole = .content) -> String {
        "{name: lake, kind: hdfs, role: \(role.rawValue), url: \"\(address)/lake\"}"
    }

    func at(_ relative: String) throws -> HDFSPath { try #require(folder.appending(relative: relative)) }

    func put(_ name: String, _ text: String) throws { try put(name, bytes: Array(text.utf8)) }

    func put(_ name: String, bytes: [UInt8]) throws {
        _ = try bytes.withUnsafeBytes { try client.publish(at("lake/\(name)"), HDFSFileOptions(replacing: .always), parts: [$0]) }
    }

    /// `count` files in folders of ten.
    func fill(_ count: Int) throws { for index in 0..<count { try put("year\(index / 10)/part-\(index)", "row \(index)\n") } }

    /// The cluster by its file, afresh.
    func load(_ name: String = "holdfast.yaml", _ drivers: Drivers = .real) throws -> Cluster {
        var drivers = drivers
        drivers.keyCost = .quick
        return try Cluster.load("\(small.root)/\(name)", host: .current(), drivers: drivers, program: "holdfast test")
    }

    func load(_ drivers: Drivers) throws -> Cluster { try load("holdfast.yaml", drivers) }

    func initialized() throws -> Self {
        _ = try load().initialize()
        return self
    }

    @discardableResult
    func snapshot(_ name: String) throws -> SnapshotOutcome {
        try Snapshots(load()).create(SnapshotRequest(name: SnapshotName(name)), job: JobControl())
    }

    @discardableResult
    func backUp(_ name: String, of snapshot: String? = nil, mode: BackupMode = .full) throws -> BackupOutcome {
        try Backups(load()).create(BackupRequest(name: name, snapshot: snapshot, target: "nas", mode: mode), job: JobControl())
    }

    func restore(_ name: String) throws -> RestoreOutcome {
        let snapshots = Snapshots(try load())
        return try snapshots.restore(
            snapshots.prepareRestore(name, stores: nil, releaseChange: .refused, job: JobControl()), job: JobControl())
    }

    /// What is below a directory: names with kind, owner, rights, length and hash of the content.
    func tree(_ relative: String = "lake") throws -> [String] { try Self.tree(client, at(relative)) }

    static func tree(_ client: HDFSClient, _ root: HDFSPath) throws -> [String] {
        var lines: [String] = []
        var waiting = [(root, "")]
        while let (path, prefix) = waiting.popLast() {
            for entry in try client.entries(of: path) {
                let place = try #require(path.appending(entry.name))
                let name = prefix + FileName.text(entry.name)
                var line = "\(name) \(entry.kind) \(entry.owner) \(String(entry.permission, radix: 8))"
                if entry.kind == .directory {
                    waiting.append((place, name + "/"))
                } else {
                    line += " \(entry.length) \(try client.hash(of: place))"
                }
                lines.append(line)
            }
        }
        return lines.sorted()
    }

    /// Names of the HDFS snapshots of the lake.
    func images() throws -> [String] { try client.snapshots(of: at("lake")).map(\.name) }
}

extension HDFSClient {
    /// Of the content; the same for the same bytes in one process.
    func hash(of path: HDFSPath) throws -> Int {
        let reader = try open(path)
        var hasher = Hasher()
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { room.deallocate() }
        while true {
            let count = try reader.read(into: room)
            if count == 0 { return hasher.finalize() }
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }
}
