import Clusters
package import HostIO
package import Model
package import Snapshots
import RepositoryEngine
package import ResticFormat

package struct DrillRequest: Sendable {
    /// The newest backup of the cluster.
    package static let latest = "latest"

    /// Its name or id, or ``latest``.
    package var backup: String
    package var target: String
    /// An absolute path; nil: in the state.
    package var scratch: String?
    /// Of the scratch place.
    package var room: RoomCheck

    package init(backup: String, target: String, scratch: String? = nil, room: RoomCheck = .refuses) {
        self.room = room
        self.backup = backup
        self.target = target
        self.scratch = scratch
    }
}

package struct DrillOutcome: Sendable {
    package var report: DrillReport
    /// In the target, without its end; nil when it could not be written there.
    package var place: String?
    package var unwritten: Failure?
    /// In the state of the cluster instead, absolute and without its end; nil when it did not have to be, or could not.
    package var kept: String?
    /// What checks answered in place of what was expected, by the name of the check.
    package var answers: [String: String]
}

extension Backups {
    /// Restores a backup into a scratch place, opens and checks every store there, leaves a signed report in the target, and removes what it
    /// restored. Touches nothing of the cluster; a restore of it would find the same. Throws when it could not be tried; what is wrong with the backup
    /// is in the report.
    package func drill(_ request: DrillRequest, job: JobControl) throws -> DrillOutcome {
        let command = "\(HistoryEvent.drill) \(request.backup) --target \(request.target)"
        _ = try cluster.catalogue()
        let own = try cluster.state.lockForDrill(command, host: cluster.host, patience: cluster.drivers.patience)
        defer { own.release() }
        var done: DrillOutcome?
        do {
            return try cluster.logging(command, job) {
                let outcome = try perform(request, job)
                done = outcome
                try tell(outcome.report, job)
                return outcome
            }
        } catch {
            guard let done else { throw error }
            return done
        }
    }

    private func perform(_ request: DrillRequest, _ job: JobControl) throws -> DrillOutcome {
        let scratch = try DrillScratch(cluster: cluster).make(in: request.scratch)
        defer { try? scratch.remove() }
        let outcome = try read(request.target) { repository in
            let (listing, reader) = try EntryReader.list(.backup, in: repository)
            noteLost(listing, in: request.target)
            let entry = try chosen(request.backup, from: listing)
            let drill = Drill(
                cluster: cluster, target: request.target, entry: entry, reader: reader, repository: repository, scratch: scratch,
                room: request.room, job: job)
            let (report, answers) = try drill.run()
            job.begin(phase: "writing the report")
            return write(report, answers, of: listing, into: repository)
        }
        remember(outcome.report, of: "\(HistoryEvent.drill) \(outcome.report.backup) --target \(request.target)", job)
        return outcome
    }

    /// To the log of the job, which has failed when the backup has.
    private func tell(_ report: DrillReport, _ job: JobControl) throws {
        for problem in report.problems { job.log("failed: \(problem)") }
        for gap in report.gaps { job.log("not tried: \(gap)") }
        for line in report.lacks { job.log("not in the backup: \(line)") }
        guard report.verdict == .failed else { return }
        throw Failure(
            .damaged, "the backup \(report.backup) failed its drill",
            hint: "holdfast backup report \(report.backup) --target \(report.target) -c \(cluster.file.path)", cause: report.problems.first)
    }

    private func chosen(_ name: String, from listing: EntryListing) throws -> RepositoryEntry {
        let owner = try owner()
        let own = listing.own(by: owner)
        guard name == DrillRequest.latest, !own.entries.contains(where: { $0.manifest.name.text == name }) else {
            return try listing.entry(name, of: owner, .backup)
        }
        guard let newest = own.entries.last else {
            let others = listing.others(besides: owner)
            throw Failure(
                .notFound, "there is no backup of the cluster \(cluster.file.name) in the target",
                hint: others.isEmpty
                    ? "make one: holdfast backup create"
                    : "another cluster's is meant by its id: holdfast backup ls --all-clusters -c \(cluster.file.path)")
        }
        return newest
    }

    private func write(
        _ report: DrillReport, _ answers: [String: String], of listing: EntryListing, into repository: OpenRepository
    ) -> DrillOutcome {
        var outcome = DrillOutcome(report: report, answers: answers)
        let keeping = listing.entries.map(\.id)
        do { outcome.place = try leave(report, in: TargetReports(storage: repository.storage), of: repository, keeping) } catch {
            outcome.unwritten = Failure(describing: error)
            outcome.kept = try? leave(report, in: StateReports(state: cluster.state), of: repository, keeping)
        }
        return outcome
    }

    private func leave(
        _ report: DrillReport, in place: any ReportPlace, of repository: OpenRepository, _ backups: [SnapshotID]
    ) throws -> String {
        let reports = DrillReports(repository: repository, place: place)
        let name = try reports.write(report)
        try? reports.tidy(keeping: backups)
        return name
    }

    /// Of a target: what lies there, and what it did not take.
    private func places(_ target: String) throws -> [DrillReports] {
        let repository = try cluster.repository(of: cluster.target(named: target))
        return [TargetReports(storage: repository.storage) as any ReportPlace, StateReports(state: cluster.state)].map {
            DrillReports(repository: repository, place: $0)
        }
    }

    /// In the history, and with the policy whose backup it is. The drill is done, whatever comes of this.
    private func remember(_ report: DrillReport, of command: String, _ job: JobControl) {
        let outcome: String
        switch report.verdict {
        case .passed: outcome = "ok"
        case .unproven: outcome = FailureCode.incomplete.rawValue
        case .failed: outcome = FailureCode.damaged.rawValue
        }
        let event = HistoryEvent(
            time: report.began, command: command, outcome: outcome, seconds: report.ended.secondsSince(report.began))
        do {
            try cluster.updateCatalogue(.locking, command) { catalogue in
                catalogue.record(event)
                catalogue.policies.noteDrill(DrillNote(report), of: report.backupID)
                guard report.verdict != .unproven else { return }
                let words = report.verdict == .failed ? "its drill failed: \(report.problems.first ?? "see its report")" : nil
                let damage = words.map { BackupNote.Damage(name: report.backup.text, at: report.ended, words: $0) }
                catalogue.noteDamage(damage, of: report.backupID, in: report.target)
            }
        } catch {
            job.note("the drill is not in the history: \(Failure(describing: error).summary)")
        }
    }

    /// The newest report of each backup in a listing of the target, by the hex of the backup's id.
    package func drills(of backups: [SnapshotID], in target: String) throws -> [String: FoundReport] {
        try places(target).reduce(into: [:]) { newest, reports in
            newest.merge(try reports.newest(of: backups)) { $0.report.ended < $1.report.ended ? $1 : $0 }
        }
    }

    /// The newest report of a backup, its signature checked. Throws `notFound` when there is none.
    package func report(of name: String, in target: String) throws -> FoundReport {
        let repository = try cluster.repository(of: try cluster.target(named: target))
        let entry = try chosen(name, from: try EntryReader.list(.backup, in: repository).listing)
        guard let found = try drills(of: [entry.id], in: target)[entry.id.hex] else {
            let name = entry.manifest.name
            throw Failure(.notFound, "the backup \(name) was never drilled", hint: "holdfast backup drill \(name)")
        }
        return found
    }

    /// A report that was copied out of the target, and the page beside it where there is one. Absolute paths.
    package func report(inFile path: String, page: String?, of target: String) throws -> FoundReport {
        let repository = try cluster.repository(of: try cluster.target(named: target))
        let json = try AtomicFile.read(path, limit: 64 << 20)
        let text = try page.flatMap { try AtomicFile.readIfPresent($0, limit: 64 << 20) }
        return try DrillReports(repository: repository, place: TargetReports(storage: repository.storage)).check(json, text, called: path)
    }

    /// Every report of a target's backups that can be read and is as it was signed, oldest first.
    package func reports(in target: String) throws -> [DrillReport] {
        try places(target).flatMap { try $0.all() }.filter { $0.altered == nil }.map(\.report).sorted { $0.ended < $1.ended }
    }

    /// Drills the newest good backup of a policy, when one is due. Nil when none is.
    package func drillByPolicy(_ name: String, job: JobControl) throws -> DrillOutcome? {
        guard let backup = try? cluster.policies().backup(named: name), backup.isDrillDue(at: cluster.host.clock.now()),
            let newest = backup.record.arrivals.last(where: { $0.quality == .good })
        else { return nil }
        return try drill(DrillRequest(backup: newest.name.text, target: backup.policy.target), job: job)
    }
}
