import Clusters
package import HostIO
package import Model

/// Finds out whether a directory is fit to be a target, before anything depends on it.
package struct TargetAnalyzing: Sendable {
    private let host: Host
    /// A mount that does not answer for so long hangs.
    private let patience: Duration

    package init(host: Host, patience: Duration = .seconds(120)) {
        self.host = host
        self.patience = patience
    }

    /// `path`: an absolute directory that is there. `volume`: bytes to write and read for the throughput. Everything is tried in a directory of
    /// its own there, which is gone afterwards. Throws `notFound` when there is no directory; what happens later is a finding, also that nothing comes
    /// back from a mount.
    package func analyze(_ path: String, volume: Int, job: JobControl) throws -> TargetAnalysis {
        let start = host.clock.monotonicNanoseconds()
        let pace = ProbePace(job)
        if let phase = try pace.watch(patience, { try perform(path, volume, pace) }) { pace.add([hanging(phase)]) }
        return TargetAnalysis(
            path: path, findings: pace.findings, seconds: Double(host.clock.monotonicNanoseconds() &- start) / 1e9)
    }

    private func hanging(_ phase: String) -> TargetAnalysis.Finding {
        TargetAnalysis.Finding(
            "mount", .unfit,
            "what is mounted there does not answer: nothing came back for \(DurationText.spoken(seconds: patience / .seconds(1)))"
                + (phase.isEmpty ? "" : " (\(phase))"),
            remedy: "look at the server and the way there: a backup would wait for it as long")
    }

    private func perform(_ path: String, _ volume: Int, _ pace: ProbePace) throws {
        guard let status = try statusOfPath(path) else {
            throw Failure(.notFound, "there is no directory \(path)", hint: "make it, or mount what should be there")
        }
        guard status.kind == .directory else { throw Failure(.refused, "\(path) is no directory", hint: "name a directory") }
        let root = SharedDescriptor(try Descriptor.openDirectory(path))
        pace.add(try place(path, root))
        do { try probe(root, volume, pace) } catch {
            pace.add([try finding(of: error, path, root)])
        }
    }

    /// A mount that goes away in the middle is what a target on it would meet.
    private func finding(of error: any Error, _ path: String, _ root: SharedDescriptor) throws -> TargetAnalysis.Finding {
        let failure = Failure(describing: error)
        guard failure.code != .cancelled else { throw error }
        let isGone = (error as? SystemError)?.isUnreachable == true || (try? root.descriptor.entries()) == nil
        guard isGone else {
            return TargetAnalysis.Finding("writing", .unfit, failure.summary, remedy: failure.hint ?? "look at the mount and its server")
        }
        return TargetAnalysis.Finding(
            "mount", .unfit, "what is mounted there went away while it was tried: \(failure.summary)",
            remedy: "look at the server and the way there; a mount that comes back by itself (sshfs -o reconnect, NFS hard) is better")
    }

    // MARK: Where it lies

    private func place(_ path: String, _ root: SharedDescriptor) throws -> [TargetAnalysis.Finding] {
        let links = try Descriptor.openDirectory("/proc/self/fd")
        let real = FileName.text(try links.readSymlink(Array("\(root.descriptor.raw)".utf8)))
        guard let mount = try MountAbove.find(real) else { return [] }
        return [mountFinding(mount, real)] + [softness(mount)].compactMap { $0 }
    }

    private func mountFinding(_ mount: MountAbove, _ path: String) -> TargetAnalysis.Finding {
        let words = "\(mount.kind) from \(printable(mount.source)), mounted at \(mount.place)"
        if mount.place == "/" {
            return TargetAnalysis.Finding(
                "mount", .usable, "nothing is mounted there: it lies on the disk of this host's system",
                remedy: "mount a share or another disk; a backup on the same disk dies with it")
        }
        if mount.isRemote, mount.place == path {
            return TargetAnalysis.Finding(
                "mount", .usable, "\(words); without the mount the same path is a directory of this host",
                remedy: "use a directory below it, such as \(path)/holdfast: it is not there while nothing is mounted")
        }
        return TargetAnalysis.Finding("mount", .good, words)
    }

    /// NFS only.
    private func softness(_ mount: MountAbove) -> TargetAnalysis.Finding? {
        guard mount.kind.hasPrefix("nfs"), mount.options.contains("soft") else { return nil }
        return TargetAnalysis.Finding(
            "mount options", .usable, "mounted soft: a server that is slow gives errors, and a backup fails",
            remedy: "mount it hard: a backup then waits until the server is back")
    }

    // MARK: What it can do

    private func probe(_ root: SharedDescriptor, _ volume: Int, _ pace: ProbePace) throws {
        try sweep(root)
        let name = Array("\(TargetProbing.prefix)\(host.randomHex(bytes: 6))".utf8)
        try root.descriptor.makeDirectory(name)
        defer { try? removeTree(name, in: root.descriptor) }
        let probing = TargetProbing(
            folder: SharedDescriptor(try root.descriptor.openDirectory(name)), host: host, pace: pace, volume: volume)
        let isInMemory = try root.descriptor.fileSystemKind() == .tmpfs
        let steps: [(String, () throws -> [TargetAnalysis.Finding])] = [
            ("room", probing.room), ("exclusive create", { [try probing.exclusiveCreation()] }),
            ("atomic rename", { [try probing.renaming()] }), ("links", { [try probing.linking()] }),
            ("read after write", { [try probing.readingAfterWriting()] }), ("fsync", { try probing.syncing(isInMemory: isInMemory) }),
            ("concurrent writers", { [try probing.concurrentWriters()] }), ("names", { [try probing.names()] }),
            ("permissions", { [try probing.modes()] }), ("clock", { [try probing.clock()] }),
            ("throughput", { [try probing.throughput()] }),
        ]
        for (phase, step) in steps {
            try pace.begin(phase: phase)
            pace.add(try step())
        }
    }

    /// What an analysis that was killed an hour ago or more has left.
    private func sweep(_ root: SharedDescriptor) throws {
        for entry in try root.descriptor.entries() where FileName.text(entry.name).hasPrefix(TargetProbing.prefix) {
            guard let status = try root.descriptor.statusIfPresent(of: entry.name) else { continue }
            if host.clock.now().secondsSince(status.modified) > 3600 { try? removeTree(entry.name, in: root.descriptor) }
        }
    }
}
