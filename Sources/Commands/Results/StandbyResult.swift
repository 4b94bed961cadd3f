import Archiving
import Model
import Snapshots
import Standby

struct PointResult: Encodable {
    var name: SnapshotName
    var cut: Timestamp
    var cutEnded: Timestamp
    var bytes: UInt64

    init(_ point: StandbyRecord.Point) {
        name = point.name
        cut = point.cutBegan
        cutEnded = point.cutEnded
        bytes = point.bytes
    }
}

struct SyncResult: Encodable {
    var point: PointResult
    var wasThere: Bool
    var bytesFetched: UInt64
    var fetchSeconds: Double
    var applySeconds: Double
    var stores: [FilledStoreResult]
    /// What somebody had written to the standby.
    var writes: [StandbyRecord.Writes]
    var removed: [SnapshotName]

    init(_ outcome: SyncOutcome) {
        point = PointResult(outcome.point)
        wasThere = outcome.wasThere
        bytesFetched = outcome.bytesFetched
        fetchSeconds = outcome.fetchSeconds
        applySeconds = outcome.applySeconds
        stores = outcome.stores.map(FilledStoreResult.init)
        writes = outcome.writes
        removed = outcome.removed
    }
}

struct DivergenceResult: Encodable {
    struct Store: Encodable {
        struct Change: Encodable {
            var kind: TreeChange.Kind
            var path: String
        }

        var name: String
        var changes: Int
        var examples: [Change]
        /// Why it was not compared.
        var note: OrNull<String>
    }

    var snapshot: SnapshotName
    var base: OrNull<String>
    var stores: [Store]

    init(_ divergence: Divergence) {
        snapshot = divergence.snapshot
        base = OrNull(divergence.base)
        stores = divergence.stores.map { store in
            Store(
                name: store.name, changes: store.counts.values.saturatedSum { $0 },
                examples: store.examples.map { Store.Change(kind: $0.kind, path: $0.path) }, note: OrNull(store.note))
        }
    }
}

struct StandbyStartResult: Encodable {
    var divergence: OrNull<DivergenceResult>
    var sync: SyncResult

    init(_ outcome: StandbyStartOutcome) {
        divergence = OrNull(outcome.divergence.map(DivergenceResult.init))
        sync = SyncResult(outcome.sync)
    }
}

struct KeptFormResult: Encodable {
    var store: String
    var form: StoredForm
    /// Why it is not the physical one.
    var obstacle: OrNull<String>

    init(_ form: KeptForm) {
        store = form.store
        self.form = form.form
        obstacle = OrNull(form.obstacle)
    }
}

struct StandbyStatusResult: Encodable {
    var cluster: String
    var id: String
    var from: String
    /// Why the target cannot be reached.
    var trouble: OrNull<String>
    /// What lies in the target beside the repository and counts for nothing.
    var doubts: [String]
    var epoch: OrNull<UInt64>
    var owner: OrNull<String>
    var applied: OrNull<PointResult>
    var applying: OrNull<PointResult>
    var waiting: OrNull<PointResult>
    var missing: OrNull<PointResult>
    var points: [PointResult]
    /// Of the stores of which backups may have two.
    var forms: [KeptFormResult]
    /// What somebody has written to the stores since the last sync.
    var writes: [StandbyRecord.Writes]
    var ageSeconds: OrNull<Double>
    var nextBackup: OrNull<Timestamp>
    var expectedPromotionSeconds: OrNull<Double>
    var rehearsedSeconds: OrNull<Double>
    var lastFailure: OrNull<String>
    var promoting: Bool
    var service: OrNull<String>

    init(_ status: StandbyStatus, service: String?) {
        cluster = status.cluster.name
        id = status.cluster.id
        from = status.record.from
        trouble = OrNull(status.trouble)
        doubts = status.doubts
        epoch = OrNull(status.owner?.epoch)
        owner = OrNull(status.owner?.host)
        applied = OrNull(status.record.applied.map(PointResult.init))
        applying = OrNull(status.record.applying.map(PointResult.init))
        waiting = OrNull(status.waiting.map(PointResult.init))
        missing = OrNull(status.missing.map(PointResult.init))
        points = status.points.map(PointResult.init)
        forms = status.forms.map(KeptFormResult.init)
        writes = status.writes
        ageSeconds = OrNull(status.age)
        nextBackup = OrNull(status.nextBackup)
        expectedPromotionSeconds = OrNull(status.record.expectedPromotionSeconds)
        rehearsedSeconds = OrNull(status.record.rehearsed)
        lastFailure = OrNull(status.record.lastFailure)
        promoting = status.record.promotion != nil
        self.service = OrNull(service)
    }
}

struct PromotionResult: Encodable {
    struct Step: Encodable {
        var step: Promotion.Step
        var seconds: Double
    }

    /// 0: to be raised when the target is there.
    var epoch: UInt64
    var point: PointResult
    var planned: Bool
    var began: Timestamp
    var rpoSeconds: Double
    var rtoSeconds: Double
    var steps: [Step]
    var stores: [FilledStoreResult]
    var policies: Int
    var notes: [String]
    /// What the check command found.
    var fault: OrNull<String>

    init(_ outcome: PromotionOutcome) {
        epoch = outcome.promotion.epoch ?? 0
        point = PointResult(outcome.point)
        planned = outcome.promotion.isPlanned
        began = outcome.promotion.began
        rpoSeconds = outcome.lossSeconds
        rtoSeconds = outcome.seconds
        steps = outcome.promotion.done.map { Step(step: $0.step, seconds: $0.seconds) }
        stores = outcome.stores.map(FilledStoreResult.init)
        policies = outcome.policies
        notes = outcome.notes
        fault = OrNull(outcome.promotion.fault)
    }
}

struct RehearsalResult: Encodable {
    var point: PointResult
    var seconds: Double
    var verdict: DrillReport.Verdict
    var stores: [DrillReport.Store]
    var fault: OrNull<String>

    init(_ outcome: RehearsalOutcome) {
        point = PointResult(outcome.point)
        seconds = outcome.seconds
        verdict = outcome.verdict
        stores = outcome.stores
        fault = OrNull(outcome.fault)
    }
}
