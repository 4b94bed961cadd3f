/// What results look like, in a short notation: members as `name: type`, separated by commas; `name?` may be missing. A type is `string`, `integer`, `number`,
/// `boolean`, `time`, `any`, the name of a component, `[type]` a list, `{type}` an object of such members, and with `?` behind it may be null.
enum APISchema {
    /// By name. The test suite compares them with what commands print.
    static let components: [String: String] = [
        "Error": "code: string, message: string, hint?: string, cause?: string",
        "Problem": "code: string, message: string, hint?: string",
        "Plan": "title: string, lines: [PlanLine], warnings: [string], losses: [string], undo?: string",
        "PlanLine": "label: string, value: string",
        "Health": "concerns: [Concern], objectives: [Objective], jobs: [Job]",
        "Objective":
            "strategy: string, policy: string?, ageSeconds: number?, silenceSeconds: number, rpoSeconds: number, rpoFrom: string, recoverySeconds: number?, recoveryFrom: string?, rtoSeconds: number?",
        "Concern": "key: string, severity: string, message: string, remedy: string",
        "Cluster":
            "id: string, name: string, release: string, stores: [Store], storage: Place, targets: [Place], restoring: Restoring?, halfRestored: [HalfRestored], incompleteRestores: [IncompleteRestore], undo: Undo?, snapshotPolicy: SnapshotPolicy, backupPolicies: [BackupPolicy], standing: Standing?",
        "Standing": "role: string, member: string, epochs: [Epoch], fenced: Fencing?, suspended: Suspension?, doubts: [RecordDoubts]",
        "RecordDoubts": "target: string, lines: [string]",
        "Epoch": "target: string, epoch: integer",
        "Fencing": "epoch: integer, owner: string, raised: time, reason: string, target: string",
        "Suspension": "target: string, since: time, reason: string",
        "Store":
            "name: string, kind: string, role: string, path: string, version?: string, bytes: integer?, nativeImages?: boolean, imageReason?: string, notes?: [string], facts?: {string}, problem?: Problem",
        "Place":
            "name: string, path: string, entries: integer, newest: Newest?, freeBytes: integer?, totalBytes: integer?, problems: [string], doubt: Doubt?, strays: [string]",
        "Doubt":
            "text: string, otherRepository: boolean, otherConfig: boolean, gone: [GoneEntry], returned: [GoneEntry], since: time?",
        "GoneEntry": "id: string, kind: string, name: string, created: time",
        "Accepted": "place: string, present: integer, gone: [GoneEntry]",
        "Newest": "name: string, created: time, mode?: string",
        "Restoring": "snapshot: string, began: time, stores: [string], finished: [string]",
        "HalfRestored": "store: string, snapshot: string",
        "IncompleteRestore": "store: string, from: string, at: time, entries: integer, examples: [string], job?: integer",
        "Undo": "snapshot: string, before: string, taken: time",
        "Snapshot":
            "name: string, id: string, created: time, release: string, style: string, reason: string, pinned: boolean, expires: time?, heldBy: [string]?, good: boolean, accepted: boolean, lacks: [string], sizes: Sizes",
        "Sizes": "full: integer, lightweight: integer, dataless: integer",
        "SnapshotDetails":
            "name: string, id: string, created: time, release: string, style: string, reason: string, pinned: boolean, expires: time?, heldBy: [string]?, good: boolean, accepted: boolean, lacks: [string], sizes: Sizes, pauseSeconds: number, skewSeconds: number, consistency: string, stores: [StoreImage], bytesAdded?: integer, removed?: [string]",
        "StoreImage":
            "name: string, kind: string, role: string, path: string, image: string, extent: string, precision: string, began: time, ended: time, bytes: integer, dataBytes: integer?, entries: integer, holds: string, good: boolean, notes: [EntryNote], doubts: [StoreDoubt], issues: integer, unreadable: integer, issueExamples: [string], fullWalk: string?, unchecked: string?, reload: [Reload], kept: [KeptRows]?, physicalBytes: integer?",
        "EntryNote": "what: string, count: integer, first: [string]",
        "StoreDoubt": "what: string, text: string",
        "Reload": "what: string, count?: integer, bytes?: integer",
        "KeptRows": "table: string, rows: integer, bytes: integer",
        "DeletedSnapshots": "snapshots: [string], bytesFreed: integer",
        "Validation": "snapshot: string, check: Check",
        "Check":
            "sound: boolean, trees: integer, blobs: integer, packs: integer, packsRead: integer, bytesRead: integer, problems: [string]",
        "Restore":
            "snapshot: string, safety: string?, stores: [FilledStore], failures: [StoreFailure], halfRestored: [HalfRestored], job: integer?, seconds: number",
        "StoreFailure": "store: string, code: string, message: string, hint?: string",
        "EntryIssue": "kind: string, path: string, detail: string",
        "FilledStore":
            "name: string, bytesWritten: integer, entriesChanged: integer, issues: integer, named: [EntryIssue], scripts: [string], differences: integer, unchecked: [string], lacks: [string], seconds: number",
        "Difference": "from: string, to: string, stores: [StoreDifference]",
        "StoreDifference":
            "name: string, presence: string, added: integer, removed: integer, changed: integer, metadata: integer, bytesBefore: integer, bytesAfter: integer, examples: [Change]",
        "Change": "change: string, path: string, bytesBefore: integer, bytesAfter: integer",
        "Prune": "packsDeleted: integer, packsMarked: integer, bytesWritten: integer, bytesFreed: integer, expired: [string]",
        "SnapshotPolicy":
            "enabled: boolean, every: string, offset: string, keep: [string], rpo: string?, rto: string?, manual: ManualLimits, record: PolicyRecord, served: boolean",
        "ManualLimits": "warning: integer, refusal: integer",
        "PolicyRecord":
            "next: time?, lastRun: time?, lastGood: time?, lastFailure: string?, missedRuns: integer, usualSeconds: number?, entries: [string]",
        "BackupPolicy":
            "name: string, target: string, mode: string, enabled: boolean, every: string, offset: string, keep: [string], rpo: string?, rto: string?, verifyPercent: integer, physical: boolean, drill: string?, lastDrill: LastDrill?, record: PolicyRecord, concern: string?, served: boolean",
        "BackupPolicyStatus": "policy: BackupPolicy, runs: [Run]",
        "Run": "time: time, command: string, outcome: string, seconds: number",
        "DeletedPolicy": "policy: string",
        "Simulation": "days: [Day]",
        "Day": "day: integer, end: time, kept: [time], buckets: {integer}, bytes: integer?",
        "Target": "name: string, path: string",
        "Backup":
            "name: string, id: string, target: string, mode: string, cut: time, created: time, cluster: string, clusterID: string, release: string, snapshot: string?, bytes: integer, good: boolean, accepted: boolean, lacks: [string], reload: integer, drill: DrillNote?",
        "OtherCluster": "cluster: string, id: string, backups: integer",
        "DoubtedTarget": "target: string, doubt: Doubt",
        "UnreadTarget": "target: string, code: string, message: string, hint?: string",
        "BackupDetails":
            "name: string, id: string, target: string, mode: string, cut: time, created: time, cluster: Identity, release: string, snapshot: string?, bytes: integer, good: boolean, accepted: boolean, lacks: [string], bytesAdded?: integer, drill: DrillNote?, stores: [StoreImage]",
        "DrillNote": "time: time, verdict: string, signed: boolean, recoverySeconds: number, problem: string?",
        "LastDrill": "backup: string, time: time, verdict: string, problem?: string, recoverySeconds: number",
        "Drill":
            "verdict: string, recoverySeconds: number, problems: [string], gaps: [string], reportName: string?, reportPlace: string?, report: DrillReport, answers: {string}",
        "FoundReport": "signed: boolean, altered: string?, verdict: string, recoverySeconds: number, report: DrillReport",
        "DrillReport":
            "format: integer, program: string, host: string, cluster: Identity, target: string, backup: string, backupID: string, mode: string, cut: time, began: time, ended: time, verification: DrillVerification, stores: [DrilledStore], checks: [DrillCheck], page: string, signature: string",
        "DrillVerification": "packsRead: integer, bytesRead: integer, problems: [string], seconds: number",
        "DrilledStore":
            "name: string, kind: string, extent: string, verdict: string, restoreSeconds: number, checkSeconds: number, bytes: integer, proofs: [string], problems: [string], gaps: [string], holds?: string, lacks?: [string]",
        "DrillCheck": "name: string, store?: string, verdict: string, problem?: string, seconds: number",
        "Advice": "cluster: string, faults: [FaultAdvice]",
        "FaultAdvice":
            "fault: string, title: string, cover: string, by: string?, rpo: Exposure?, rpoAim: number?, rto: number?, rtoSource: string?, rtoAim: number?, missing: [Missing], remedy: string?",
        "Exposure": "now?: number, worst?: number, runs: integer",
        "Missing": "text: string, command: string",
        "Analysis": "path: string, verdict: string, findings: [Finding], seconds: number",
        "Finding": "probe: string, verdict: string, message: string, remedy?: string",
        "Identity": "id: string, name: string, release: string",
        "DeletedBackups": "target: string, backups: [string]",
        "Verification":
            "backup: string, target: string, cluster: Identity, check: Check, lacks: [string], alsoAffected: [string], seconds: number",
        "Job":
            "number: integer, command: string, cause: string, caller: Caller?, outcome: string, began: time, ended: time?, seconds: number?, code: string?, message: string?, hint: string?",
        "JobDetails":
            "number: integer, command: string, cause: string, caller: Caller?, outcome: string, began: time, ended: time?, seconds: number?, code: string?, message: string?, hint: string?, log: [LogLine]",
        "Caller": "user: string?, address: string?, token: string",
        "LogLine": "time: time, text: string",
        "Task":
            "id: string, operation: string, state: string, caller: Caller, began: time, ended: time?, status: integer?, answer: any",
    ]

    /// A schema of an object with these members.
    static func object(_ members: String) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        var required: [JSONValue] = []
        for member in members.split(separator: ", ") {
            guard let colon = member.firstIndex(of: ":") else { continue }
            let name = member[..<colon]
            let isOptional = name.hasSuffix("?")
            let key = String(isOptional ? name.dropLast() : name)
            properties[key] = type(member[member.index(colon, offsetBy: 2)...])
            if !isOptional { required.append(.text(key)) }
        }
        return .object(
            ["type": "object", "properties": .object(properties)].merging(required.isEmpty ? [:] : ["required": .list(required)]) { $1 })
    }

    private static func type(_ text: Substring) -> JSONValue {
        if text.hasSuffix("?") { return ["anyOf": [type(text.dropLast()), ["type": "null"]]] }
        if text.hasPrefix("[") { return ["type": "array", "items": type(text.dropFirst().dropLast())] }
        if text.hasPrefix("{") { return ["type": "object", "additionalProperties": type(text.dropFirst().dropLast())] }
        switch text {
        case "string", "number", "boolean", "integer": return ["type": .text(String(text))]
        case "time": return ["type": "string", "format": "date-time"]
        case "any": return [:]
        default: return ["$ref": .text("#/components/schemas/\(text)")]
        }
    }
}
