import Foundation
import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// Each kind of entry and attribute onto each kind of destination: what is kept, and what is named as left out. The table is that of
/// docs/restore-matrix.md, which HOLDFAST_WRITE_MATRIX=1 writes anew.
@Suite(.timeLimit(.minutes(5)), .enabled(if: isRoot && canMount("the matrix of restores")))
struct DestinationMatrixTests {
    /// A place and what keeps it there.
    private struct Destination {
        let title: String
        let path: String
        let keeper: AnyObject
        var wrapper: [String] = []
        /// Whose home the cluster file, the password and the state lie in; nil: that of the test.
        var home: String?
        var flags = ["--privileged"]
    }

    private static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

    private func destinations(_ folder: TemporaryDirectory) throws -> [Destination] {
        func loop(_ kind: FileSystemKind, _ megabytes: Int) throws -> Destination {
            let disk = try MountedFileSystem.loop(kind, megabytes: megabytes)
            return Destination(title: kind.rawValue, path: disk.path, keeper: disk)
        }
        let memory = try MountedFileSystem.tmpfs(megabytes: 64)
        var all = [
            try loop(.ext4, 64), try loop(.xfs, 320), try loop(.btrfs, 160), Destination(title: "tmpfs", path: memory.path, keeper: memory),
        ]
        if MountedFileSystem.hasExFAT("a matrix of restores onto exFAT") {
            let disk = try MountedFileSystem.exFAT(megabytes: 64)
            all.append(Destination(title: "exFAT", path: disk.path, keeper: disk))
        }
        if SSHMount.isPossible("a matrix of restores onto sshfs") {
            let mount = try SSHMount()
            all.append(Destination(title: "sshfs", path: mount.path, keeper: mount))
        }
        let open = try MountedFileSystem.loop(.ext4, megabytes: 64)
        let home = try folder.folder("home")
        try shell("chmod 777 '\(open.path)'; cp -p password home/; chown -R 65534:65534 home", in: folder.path)
        for path in [open.path, home] { try shell("d='\(path)'; for i in 1 2 3 4; do d=$(dirname \"$d\"); chmod a+x \"$d\"; done") }
        all.append(
            Destination(
                title: "without root", path: open.path, keeper: open, wrapper: Self.nobody + ["env", "HOME=\(home)"], home: home))
        let plain = try MountedFileSystem.loop(.ext4, megabytes: 64)
        all.append(Destination(title: "without --privileged", path: plain.path, keeper: plain, flags: []))
        return all
    }

    @Test func `what each destination keeps and what is named as left out is as the page says`() throws {
        let folder = try TemporaryDirectory()
        let source = try MountedFileSystem.loop(.xfs, megabytes: 320)
        let store = source.path + "/up"
        try shell("umask 022; mkdir '\(store)'; cd '\(store)'; set -e; " + SampleEntry.all.map(\.command).joined(separator: "; "))
        try makeBackup(of: store, folder)
        let places = try destinations(folder)
        var cells = SampleEntry.all.map { [$0.title] }
        for place in places {
            for (row, cell) in try restore(to: place, from: store, folder).enumerated() {
                #expect(!cell.hasPrefix("LOST"), "\(SampleEntry.all[row].title) on \(place.title): \(cell)")
                cells[row].append(cell)
            }
        }
        let header = ["| | \(places.map(\.title).joined(separator: " | ")) |", String(repeating: "|---", count: places.count + 1) + "|"]
        let refusals = try unusable(folder)
        let table = (header + cells.map { "| \($0.joined(separator: " | ")) |" } + refusals).joined(separator: "\n") + "\n"
        try compare(table)
    }

    private func makeBackup(of store: String, _ folder: TemporaryDirectory) throws {
        let file = try write("main", store: store, home: folder.path)
        for arguments in [
            ["cluster", "init"], ["target", "add", "nas", folder.file("nas")], ["backup", "create", "--target", "nas", "--name", "b"],
        ] {
            let result = try HoldfastProgram.run(arguments + ["-c", file], in: folder.path)
            try #require([0, 14].contains(result.status), "\(arguments): \(result.out)\(result.err)")
        }
        try shell("chmod -R a+rX '\(folder.path)/nas'")
    }

    private func write(_ name: String, store: String, home: String) throws -> String {
        let text = """
            cluster: acme
            release: "1"
            state: \(home)/\(name)-state
            storage: \(home)/\(name)-storage
            password-file: \(home)/password
            stores:
              - {name: up, kind: directory, role: content, path: \(store)}

            """
        let file = "\(home)/\(name).yaml"
        try AtomicFile.write(Array(text.utf8), to: file, mode: 0o644)
        return file
    }

    private func restore(to place: Destination, from store: String, _ folder: TemporaryDirectory) throws -> [String] {
        let path = place.path + "/up"
        let result = try run(place, folder)
        let outcome = try #require(try result.json("cluster")["stores"] as? [[String: Any]], "\(place.title): \(result.out)\(result.err)")
        let named = try #require(outcome.first?["named"] as? [[String: Any]], "\(place.title): \(result.out)\(result.err)")
        #expect(result.status == (named.isEmpty ? 0 : 14), "\(place.title)")
        var details: [String: [String]] = [:]
        for issue in named {
            guard let entry = issue["path"] as? String, let detail = issue["detail"] as? String else { continue }
            details[entry, default: []].append(detail)
        }
        return try SampleEntry.all.map { try cell($0, details, store, path) }
    }

    private func run(_ place: Destination, _ folder: TemporaryDirectory) throws -> HoldfastProgram.Result {
        let name = place.title.replacing(" ", with: "-")
        let file = try write(name, store: place.path + "/up", home: place.home ?? folder.path)
        let arguments = ["cluster", "restore", "b", "--from", folder.file("nas"), "--yes", "--json", "-c", file] + place.flags
        return try HoldfastProgram.run(arguments, in: place.home ?? folder.path, wrapper: place.wrapper)
    }

    /// In place of the time of this run, which some file systems keep for what they make, words.
    private static func lasting(_ detail: String) -> String {
        let year = SystemClock().now().compact.prefix(4)
        let words = detail.replacing(/time ([0-9]{4})-[^ ]+Z: this file system keeps [0-9-]+T[^ ]+Z/) { match in
            match.output.1 == year ? "time of the image: this file system keeps that of the restore" : String(match.output.0)
        }
        return words.replacing("|", with: "\\|")
    }

    private func cell(_ entry: SampleEntry, _ details: [String: [String]], _ store: String, _ path: String) throws -> String {
        let told = entry.told.flatMap { details[$0] ?? [] }.map(Self.lasting).sorted()
        let before = try entry.portrait(in: store)
        let after = try entry.portrait(in: path)
        guard told.isEmpty else { return (after == nil ? "left out: " : "") + told.joined(separator: "; ") }
        guard let before, let after, let asides = before.asides(of: after) else {
            return "LOST: \(String(describing: before)) is \(String(describing: after))"
        }
        return asides.isEmpty ? "kept" : "kept: \(asides.joined(separator: ", "))"
    }

    // MARK: Places that take nothing

    private func unusable(_ folder: TemporaryDirectory) throws -> [String] {
        let readOnly = try MountedFileSystem.loop(.ext4, megabytes: 64)
        try readOnly.remount(readOnly: true)
        let full = try MountedFileSystem.loop(.ext4, megabytes: 64)
        try full.fillUp()
        let places = [
            Destination(title: "read-only", path: readOnly.path, keeper: readOnly),
            Destination(title: "full", path: full.path, keeper: full),
        ]
        var lines = ["", "| place | exit status | code |", "|---|---|---|"]
        for place in places {
            let result = try run(place, folder)
            let failures = (try result.json()["cluster"] as? [String: Any])?["failures"] as? [[String: Any]]
            let code = try result.errorCode() ?? failures?.first?["code"] as? String
            lines.append("| \(place.title) | \(result.status) | `\(code ?? result.out)` |")
        }
        return lines
    }

    // MARK: The page

    /// Column by column: not every host has all destinations.
    private func compare(_ table: String) throws {
        let top = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let page = top.appendingPathComponent("docs/restore-matrix.md").path
        let text = String(decoding: try AtomicFile.read(page), as: UTF8.self)
        let start = try #require(text.range(of: "| | ext4 ")).lowerBound
        if environmentValue("HOLDFAST_WRITE_MATRIX") != nil {
            return try AtomicFile.write(Array((text[..<start] + table).utf8), to: page, mode: 0o644)
        }
        let (written, found) = (Self.columns(of: String(text[start...])), Self.columns(of: table))
        for title in found.keys.sorted() {
            #expect(written[title] == found[title], "\(title): HOLDFAST_WRITE_MATRIX=1 writes \(page) anew")
        }
    }

    /// Cells of the first table by the title of their column, and the lines of the second as one column.
    private static func columns(of text: String) -> [String: [String]] {
        let parts = text.split(separator: "\n\n", maxSplits: 1)
        var columns = ["places": parts.dropFirst().map { $0.trimmingCharacters(in: .newlines) }]
        let rows = (parts.first ?? "").split(separator: "\n").map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
        for (index, title) in (rows.first ?? []).enumerated() {
            columns[title.isEmpty ? "entries" : title] = rows.map { index < $0.count ? $0[index] : "" }
        }
        return columns
    }
}

private func shell(_ command: String, in folder: String? = nil) throws {
    let outcome = try ChildProcess(["/bin/bash", "-c", command], workingDirectory: folder).run()
    guard outcome.succeeded else { throw ToolFailed(arguments: [command], outcome: outcome) }
}
