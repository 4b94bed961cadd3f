import Glibc
import HostIO
import TestSupport
import Testing

/// What disk boxes, desktops, editors and people leave among the files of a repository keeps nobody from a backup; what has the name of an object and is
/// none is named.
@Suite(.timeLimit(.minutes(5))) struct StrayNamesTests {
    private static let folders = [
        "", "keys", "index", "locks", "snapshots", "data", "data/00", "holdfast", "holdfast/epochs", "holdfast/drills", "holdfast/doomed",
        "holdfast/forgotten", "holdfast/damaged", "holdfast/ballast",
    ]
    private static let files = [
        ".DS_Store", "Thumbs.db", ".nfs000000000012ab00000001", "config~", ".x.swp", "\(String(repeating: "a", count: 64)).partial",
        "notes",
    ]
    private static let directories = ["@eaDir", ".snapshot", "lost+found", "#recycle", "System Volume Information", "old"]
    private static let zeros = String(repeating: "0", count: 64)

    private static let commands = [
        ["backup", "create", "--target", "nas", "--name", "b2"], ["backup", "ls"],
        ["backup", "verify", "b1", "--target", "nas", "--read-data"],
        ["backup", "drill", "b1", "--target", "nas"], ["backup", "report", "b1", "--target", "nas"], ["snapshot", "create", "s2"],
        ["snapshot", "ls"], ["target", "ls"], ["cluster", "status"], ["snapshot", "restore", "s1", "--yes"],
        ["backup", "delete", "b2", "--target", "nas", "--yes"], ["target", "prune", "nas", "--grace", "0s", "--yes"],
        ["snapshot", "prune", "--yes"], ["target", "accept", "nas", "--yes"],
    ]

    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster(.init(stores: ["accounts", "uploads"]))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s1")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b1")
        try cluster.succeed("backup", "drill", "b1", "--target", "nas")
    }

    /// Puts names into every folder of both repositories: as files, directories that only root may look into, links to nothing and FIFOs.
    private func strew() throws {
        for place in ["nas", "storage"] {
            for folder in Self.folders {
                let path = "\(cluster.root)/\(place)/\(folder)"
                try makeDirectories(path)
                let folder = try Descriptor.openDirectory(path)
                for name in Self.files { try AtomicFile.write([1], to: "\(path)/\(name)") }
                for name in Self.directories {
                    try makeDirectories("\(path)/\(name)/\(Self.zeros)")
                    try AtomicFile.write([1], to: "\(path)/\(name)/\(String(repeating: "1", count: 64))")
                    #expect(chmod("\(path)/\(name)", 0) == 0)
                }
                try folder.makeSymlink(Array("link".utf8), to: Array("nowhere".utf8))
                try folder.makeFifo(Array("pipe".utf8), mode: 0o600)
            }
        }
    }

    @Test func `names that are none of a repository's keep nobody from anything, and are told`() throws {
        try strew()
        for command in Self.commands {
            let result = try cluster.run(command)
            #expect(result.status == 0, "\(command): \(result.out)\(result.err)")
        }
        let places = try #require(try cluster.run("target", "ls", "--json").json()["targets"] as? [[String: Any]])
        let strays = try #require(places.first?["strays"] as? [String])
        #expect(strays.contains("snapshots/notes") && !strays.contains { $0.contains("DS_Store") || $0.contains("@eaDir") }, "\(strays)")
        #expect(try cluster.run("target", "ls").out.contains("passed over"))
    }

    @Test func `a repository is made where a disk box has left its names`() throws {
        for name in Self.directories.dropLast() { try makeDirectories("\(cluster.root)/other/\(name)") }
        try cluster.put([1], at: "other/.DS_Store")
        try cluster.succeed("target", "add", "other", "other")
        try makeDirectories("\(cluster.root)/full/photographs")
        #expect(try cluster.fail("refused", 6, "target", "add", "full", "full").contains("not empty"))
    }

    @Test(arguments: [HostileEntry.directory, .link, .fifo]) func `a backup that is no file any more is named, and the others are there`(
        _ entry: HostileEntry
    ) throws {
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b2")
        let list = try #require(try cluster.run("backup", "ls", "--json").json()["backups"] as? [[String: Any]])
        let id = try #require(list.last?["id"] as? String)
        try entry.place(at: "\(cluster.root)/nas/snapshots/\(id)")
        let result = try cluster.run("backup", "ls")
        #expect(result.out.contains("b1") && result.err.contains(String(id.prefix(8))), "\(result.out)\(result.err)")
        #expect(try cluster.run("backup", "create", "--target", "nas", "--name", "b3").status == 0)
        #expect(try cluster.run("target", "prune", "nas", "--grace", "0s", "--yes").status != 0)
        #expect(try cluster.run("status").status != 0)
    }
}
