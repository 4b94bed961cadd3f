import Archiving
import HostIO
import Model
import StoreContract

/// What putting an image back would change, file by file.
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
        let main = try parts.main().plan(job: job)
        var plan = StoreRestorePlan()
        plan.intoEmpty = main.intoEmpty
        add(main, to: &plan)
        if let log = try parts.log()?.plan(job: job) { add(log, to: &plan) }
        for tablespace in parts.tablespaces {
            for restore in try parts.restores(of: tablespace) { add(try restore.plan(job: job), to: &plan) }
        }
        plan.examples = try examples(main.examples)
        plan.cautions += try parts.cautions()
        return plan
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

    /// Relations by their names, where a server can tell them.
    private func examples(_ lines: [String]) throws -> [String] {
        var plain: [String] = []
        var relations: [String: [LogRecords.Relation]] = [:]
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            if words.count == 2, let relation = Self.relation(words[1]) {
                if relations[words[0]]?.contains(relation) != true { relations[words[0], default: []].append(relation) }
            } else {
                plain.append(line)
            }
        }
        guard let live else { return lines }
        let named = try relations.keys.sorted().flatMap { verb in
            try live.names(of: relations[verb] ?? []).map { "\(verb) \($0)" }
        }
        return Array((named + plain).prefix(20))
    }

    /// `base/16384/16390.1`: the numbers of database and file; the default tablespace has the number 1663.
    private static func relation(_ path: String) -> LogRecords.Relation? {
        let components = path.split(separator: "/")
        guard components.count == 3, components[0] == "base", let database = UInt32(components[1]),
            let file = RelationFile(Array(components[2].utf8)), let number = UInt32(file.relation)
        else { return nil }
        return LogRecords.Relation(tablespace: 1663, database: database, file: number)
    }
}
