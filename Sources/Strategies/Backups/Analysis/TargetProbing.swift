import Glibc
import HostIO
import Model

/// Tries what a target must be able to do, in a directory of its own there, by a descriptor: when what is mounted goes away, nothing is written
/// below its mount point.
struct TargetProbing {
    typealias Finding = TargetAnalysis.Finding

    static let prefix = ".holdfast-analyze-"

    let folder: SharedDescriptor
    let host: Host
    let pace: ProbePace
    /// Bytes to write and read for the throughput.
    let volume: Int

    private var place: String { folder.descriptor.path }

    private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func write(_ bytes: [UInt8], to file: String) throws {
        let opened = try folder.descriptor.open(name(file), [.write, .createNew])
        try opened.write(bytes)
        try opened.sync()
    }

    private func read(_ file: String) throws -> [UInt8] { try folder.descriptor.open(name(file), .read).readAll() }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = host.clock.monotonicNanoseconds()
        try body()
        return Double(host.clock.monotonicNanoseconds() &- start) / 1e9
    }

    // MARK: What must hold

    func exclusiveCreation() throws -> Finding {
        let probe = "exclusive create"
        try write([1], to: "exclusive")
        do {
            _ = try folder.descriptor.open(name("exclusive"), [.write, .createNew])
            return Finding(probe, .unfit, "a file that exists was made a second time", remedy: "choose another file system or mount option")
        } catch { guard error.isExists else { throw error } }
        return Finding(probe, .good, "a file that exists is not made again")
    }

    func renaming() throws -> Finding {
        let probe = "atomic rename"
        try write(Array("new".utf8), to: "rename-from")
        try folder.descriptor.rename(name("rename-from"), to: name("rename-to"))
        guard try folder.descriptor.statusIfPresent(of: name("rename-from")) == nil, try read("rename-to") == Array("new".utf8) else {
            return Finding(probe, .unfit, "a renamed file is not what was written", remedy: "choose another file system")
        }
        return try replacing(probe)
    }

    /// A reader that looks all the time must find the old or the new content, never nothing and never a part.
    private func replacing(_ probe: String) throws -> Finding {
        let contents = (0..<2).map { [UInt8](repeating: UInt8(65 + $0), count: 60_000) }
        try write(contents[0], to: "replaced")
        let stop = StopFlag()
        let (shared, replaced) = (folder, name("replaced"))
        let torn = ChangeNote()
        let reader = try WorkerThread(named: "reader") {
            while !stop.isSet {
                do throws(SystemError) {
                    let found = try shared.descriptor.open(replaced, .read).readAll()
                    if !contents.contains(found) { torn.note("a part of it (\(found.count) of 60,000 bytes)") }
                } catch {
                    // What a server calls stale is the old one, which is gone.
                    if error.errno != ESTALE { torn.note(error.isNotFound ? "nothing" : error.failure.summary) }
                }
            }
        }
        defer {
            stop.set()
            try? reader.join()
        }
        for round in 1...40 {
            try pace.step()
            try write(contents[round % 2], to: "replacing-\(round)")
            do throws(SystemError) { try shared.descriptor.rename(name("replacing-\(round)"), to: replaced) } catch {
                guard error.isExists || error.errno == EPERM || error.isUnsupported else { throw error }
                return Finding(
                    probe, .unfit, "a file cannot be renamed over another one: \(error.reason)",
                    remedy: "choose another file system; with sshfs, a server with posix-rename")
            }
        }
        if let what = torn.first {
            return Finding(
                probe, .usable, "while a file was replaced, a reader found \(what)",
                remedy: "use the target from one host at a time; look for caching options of the mount")
        }
        return Finding(probe, .good, "renames are atomic, also over a file that is there, while it is read")
    }

    func linking() throws -> Finding {
        let probe = "link or exclusive rename"
        try write([1], to: "linked")
        try write([2], to: "taken")
        do throws(SystemError) {
            try folder.descriptor.renameWithoutReplacing(name("linked"), to: name("taken"), in: folder.descriptor)
            return Finding(probe, .unfit, "a rename that must not replace replaced a file", remedy: "choose another file system")
        } catch {
            if error.isExists { return Finding(probe, .good, "two writers of one name: the second one is told") }
            guard error.isUnsupported else { throw error }
        }
        do throws(SystemError) { try folder.descriptor.link(name("linked"), to: name("taken"), in: folder.descriptor) } catch {
            if error.isExists { return Finding(probe, .good, "two writers of one name: the second one is told, through hard links") }
            guard error.isUnsupported || error.errno == EPERM || error.errno == EMLINK else { throw error }
            return Finding(
                probe, .usable, "there are neither hard links nor renames that refuse to replace",
                remedy: "let one host at a time write to the target")
        }
        return Finding(probe, .unfit, "a hard link replaced a file", remedy: "choose another file system")
    }

    func readingAfterWriting() throws -> Finding {
        let probe = "read after write"
        for round in 0..<20 {
            try pace.step()
            let bytes = host.randomBytes(5000 + round * 997)
            try write(bytes, to: "read-\(round)")
            let listed = try folder.descriptor.reopenDirectory().entries().contains { $0.name == name("read-\(round)") }
            let size = try folder.descriptor.status(of: name("read-\(round)")).size
            let found = try read("read-\(round)")
            guard listed, size == Int64(bytes.count), found == bytes else {
                return Finding(
                    probe, .unfit, "a file that was just written and synced is not there as it was written",
                    remedy: "look for caching options of the mount (actimeo, lookupcache, cache=); choose another file system")
            }
        }
        return Finding(probe, .good, "what is written is there at once: listed, of the right size, byte for byte")
    }

    /// Of everything that was written so far, the directory too.
    func syncing(isInMemory: Bool) throws -> [Finding] {
        var syncs: [Double] = []
        var files: [Double] = []
        for round in 0..<12 {
            try pace.step()
            files.append(
                try seconds {
                    let file = try folder.descriptor.open(name("sync-\(round)"), [.write, .createNew])
                    try file.write(host.randomBytes(4096))
                    syncs.append(try seconds { try file.sync() })
                    try folder.descriptor.rename(name("sync-\(round)"), to: name("synced-\(round)"))
                })
        }
        var findings = [
            TargetJudgement.sync(syncs.sorted()[syncs.count / 2], isInMemory: isInMemory),
            TargetJudgement.latency(files.sorted()[files.count / 2]),
        ]
        do throws(SystemError) { try folder.descriptor.sync() } catch {
            guard error.isUnsupported || error.errno == EINVAL else { throw error }
            findings.append(
                Finding(
                    "fsync of directories", .usable, "a directory cannot be synced: \(error.reason)",
                    remedy: "a power failure of the server may lose the newest backup, not older ones; run backup verify afterwards"))
        }
        return findings
    }

    /// Four processes that claim the same names, and write files of their own.
    func concurrentWriters() throws -> Finding {
        let probe = "concurrent writers"
        let names = 30
        let script = """
            set -C; me=$1; i=0; won=0
            while [ $i -lt \(names) ]; do
              if (: >"claim-$i") 2>/dev/null; then won=$((won + 1)); fi
              echo "written by $me, number $i" >"own-$me-$i"; i=$((i + 1))
            done; echo $won
            """
        // Below the descriptor, whatever is mounted by then.
        let place = "/proc/\(host.processID)/fd/\(folder.descriptor.raw)"
        let won = Tally()
        try runWorkers(4, named: "writer") { index in
            let outcome = try ChildProcess(
                ["/bin/sh", "-c", script, "writer", "\(index)"], workingDirectory: place, timeout: .seconds(300)
            ).run()
            guard outcome.succeeded, let count = Int(outcome.outputText.filter(\.isNumber)) else {
                throw Failure(.storage, "\(self.place): a process could not write", cause: printableLines(outcome.errorText, limit: 300))
            }
            won.add(count)
        }
        guard won.sum == names else {
            return Finding(
                probe, .unfit,
                "four processes made \(grouped(names)) files exclusively, and \(grouped(won.sum)) times one thought it was the first",
                remedy: "let one host at a time write to the target, or choose another file system")
        }
        for writer in 0..<4 {
            for number in 0..<names {
                let found = try read("own-\(writer)-\(number)")
                guard found == Array("written by \(writer), number \(number)\n".utf8) else {
                    return Finding(
                        probe, .unfit, "a file of one process was not what that process wrote", remedy: "choose another file system")
                }
            }
        }
        return Finding(probe, .good, "of four processes that claim a name one wins, and each finds what it wrote")
    }

    func names() throws -> Finding {
        let probe = "names"
        // The longest that a target needs: 64 digits and what marks it as unfinished.
        for length in [120, 255] {
            let long = String(repeating: "n", count: length)
            do throws(SystemError) { _ = try folder.descriptor.open(name(long), [.write, .createNew]) } catch {
                guard length == 120 else { continue }
                return Finding(probe, .unfit, "a name of 120 letters is refused: \(error.reason)", remedy: "choose another file system")
            }
        }
        try write([1], to: "Case")
        let folds = try folder.descriptor.statusIfPresent(of: name("case")) != nil
        let words =
            folds ? "capitals do not count in names, which does no harm: names in a target have none" : "long names and capitals are kept"
        return Finding(probe, .good, words)
    }

    func modes() throws -> Finding {
        try write([1], to: "mode")
        var lacks: [String] = []
        func attempt(_ what: String, _ body: () throws(SystemError) -> Void) throws {
            do throws(SystemError) { try body() } catch {
                guard error.errno == EPERM || error.isUnsupported else { throw error }
                lacks.append("\(what): \(error.reason)")
            }
        }
        try attempt("modes cannot be changed (chmod)") { () throws(SystemError) in
            try folder.descriptor.setMode(of: name("mode"), 0o400)
        }
        let isOpen = try folder.descriptor.status(of: name("mode")).permissions & 0o077 != 0
        // For root alone: others may give nothing away anywhere.
        if geteuid() == 0 {
            try attempt("owners cannot be changed (chown)") { () throws(SystemError) in
                try folder.descriptor.setOwner(of: name("mode"), uid: 1, gid: 1)
            }
        }
        return TargetJudgement.permissions(isOpen: isOpen, lacks: lacks)
    }

    // MARK: What is measured

    func throughput() throws -> Finding {
        let size = 16 << 20
        let count = max(1, volume / size)
        let bytes = host.randomBytes(size)
        let writing = try seconds {
            for index in 0..<count {
                try pace.step()
                let file = try folder.descriptor.open(name("pack-\(index)"), [.write, .createNew])
                try bytes.withUnsafeBytes { buffer in try file.writeUncached([buffer]) }
                try file.sync()
            }
        }
        var isSame = true
        var reading = 0.0
        var found = [UInt8](repeating: 0, count: size)
        for index in 0..<count {
            try pace.step()
            let file = try folder.descriptor.open(name("pack-\(index)"), .read)
            file.dropFromCache()
            var length = 0
            reading += try seconds { length = try found.withUnsafeMutableBytes { buffer in try file.read(into: buffer, at: 0) } }
            if length != size || found != bytes { isSame = false }
        }
        guard isSame else {
            return Finding(
                "throughput", .unfit, "16 MiB were read back otherwise than they were written", remedy: "look at disk and network")
        }
        let total = Double(size * count)
        return TargetJudgement.throughput(writing: total / max(writing, 1e-9), reading: total / max(reading, 1e-9))
    }

    func clock() throws -> Finding {
        let before = host.clock.now()
        try write([1], to: "time")
        let after = host.clock.now()
        let there = try folder.descriptor.status(of: name("time")).modified
        if there < before { return TargetJudgement.clock(min(0, there.secondsSince(before) + 1)) }
        return TargetJudgement.clock(max(0, there.secondsSince(after)))
    }

    func room() throws -> [Finding] {
        let space = try folder.descriptor.space()
        let files = try folder.descriptor.fileRoom()
        return [
            TargetJudgement.space(free: space.free, total: space.total), TargetJudgement.files(free: files.free, total: files.total),
        ]
    }
}

/// The first of several notes.
private final class ChangeNote: Sendable {
    private let held = Monitor<String?>(nil)

    func note(_ text: String) { held.change { $0 = $0 ?? text } }
    var first: String? { held.read { $0 } }
}

private final class Tally: Sendable {
    private let held = Monitor<Int>(0)

    func add(_ count: Int) { held.change { $0 += count } }
    var sum: Int { held.read { $0 } }
}
