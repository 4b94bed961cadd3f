import Archiving
import HostIO
import Model
import StoreContract

/// What putting an image back would change: counted by files, told by tables and databases.
struct ServerPlan {
    private let parts: RestoreParts
    private let live: LiveServer?
    private let job: JobControl

    init(_ parts: RestoreParts, _ live: LiveServer?, job: JobControl) {
        self.parts = parts
        self.live = live
        self.job = job
    }

    func make() throws -> StoreRestorePlan {
        let start = parts.host.clock.monotonicNanoseconds()
        var plan = StoreRestorePlan()
        var changes: [FileChange] = []
        for (path, restore) in try pieces() {
            let part = try restore.plan(job: job)
            if path.isEmpty { plan.intoEmpty = part.intoEmpty }
            add(part, to: &plan)
            changes += part.examples.compactMap { FileChange($0, below: path) }
        }
        let seconds = Double(parts.host.clock.monotonicNanoseconds() &- start) / 1e9
        plan.examples = try ChangedRelations(changes, live?.relationNames).lines()
        if live != nil, !plan.isEmpty { plan.cautions.append(Downtime(comparing: seconds, bytes: plan.bytesToWrite).text) }
        plan.cautions += try parts.cautions()
        return plan
    }

    /// With where each begins, in the data directory.
    private func pieces() throws -> [(path: String, restore: TreeRestore)] {
        var pieces: [(path: String, restore: TreeRestore)]
        // Without a server nothing has a name.
        if live != nil, let databases = try parts.databases() {
            pieces = [("", parts.main(without: [Array("base".utf8)]))] + databases
        } else {
            pieces = [("", parts.main())]
        }
        if let log = try parts.log() { pieces.append(("pg_wal", log)) }
        for tablespace in parts.tablespaces {
            pieces += zip(tablespace.folders, try parts.restores(of: tablespace)).map { folder, restore in
                ("pg_tblspc/\(tablespace.name)/\(folder)", restore)
            }
        }
        return pieces
    }

    private func add(_ part: TreeRestorePlan, to plan: inout StoreRestorePlan) {
        plan.created += part.created
        plan.replaced += part.replaced
        plan.deleted += part.deleted
        plan.unchanged += part.unchanged
        plan.metadataOnly += part.metadataOnly
        plan.leftOvers += part.leftOvers
        plan.bytesToWrite += part.bytesToWrite
        plan.bytesFreed += part.bytesFreed
        plan.bytesAtStake += part.bytesFreed
        plan.cautions += part.held
        if let newest = part.newestChange { plan.newestChange = plan.newestChange.map { max($0, newest) } ?? newest }
    }
}

/// How long a server is down while its files are put back.
struct Downtime {
    /// What a disk of no great speed takes while pages are written here and there.
    private static let bytesPerSecond = 50.0 * 1e6
    /// To stop it, to start it and to recover.
    private static let turning = 5.0
    /// Seconds: what comparing has just taken, which is done again when the server is down.
    let comparing: Double
    let bytes: UInt64

    var seconds: Double { Self.turning + comparing + Double(bytes) / Self.bytesPerSecond }

    var text: String {
        "the server is stopped while this is done, for about \(DurationText.spoken(seconds: seconds)): \(DurationText.spoken(seconds: comparing)) to compare its files again, "
            + "as it has just taken, \(ByteCount(bytes)) to write, counted at \(ByteCount(UInt64(Self.bytesPerSecond))) a second, and "
            + "\(DurationText.spoken(seconds: Self.turning)) to stop, start and recover"
    }
}
