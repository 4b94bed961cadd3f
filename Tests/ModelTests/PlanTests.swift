import Model
import Testing

@Suite struct PlanTests {
    let now = Timestamp(seconds: 1_795_456_200)
    let cluster = ClusterIdentity(id: "c1", name: "acme", release: "7.0")

    @Test func `a restore plan tells loss, work and the way back`() throws {
        let cut = now.adding(seconds: -7200)
        let plan = RestorePlan(
            snapshot: try SnapshotName("nightly"), cut: cut, release: "6.2", cluster: cluster,
            stores: [
                StoreChanges(
                    store: "uploads", created: 3, deleted: 1204, bytesToWrite: 4_200_000, examples: ["delete reports/2026.csv"],
                    loss: LossWindow(from: cut, to: now.adding(seconds: -60))),
                StoreChanges(store: "accounts", unchanged: 1),
            ], untouched: ["lake"], safety: try SnapshotName("before-nightly"), madeAt: now)
        let summary = plan.summary
        #expect(summary.title == "restore snapshot nightly onto cluster acme")
        #expect(summary.lines.contains(PlanSummary.Line("uploads", "3 created, 1,204 deleted; 4.2 MB to write")))
        #expect(summary.lines.contains(PlanSummary.Line("accounts", "nothing differs")))
        #expect(summary.lines.contains(PlanSummary.Line("snapshot", "nightly, 2026-11-23 15:50:00 UTC (2h ago)")))
        #expect(summary.losses == ["uploads: changes of 1 hour 59, up to 2026-11-23 17:49:00 UTC", "  delete reports/2026.csv"])
        #expect(summary.warnings == ["the snapshot was taken under release 6.2; the cluster runs 7.0"])
        #expect(summary.undo == "holdfast snapshot restore before-nightly")
        #expect(!plan.isEmpty)
    }

    @Test func `no loss window when nothing changed after the cut`() {
        #expect(LossWindow(from: now, to: now) == nil)
        #expect(LossWindow(from: now, to: now.adding(seconds: 252))?.text == "changes of 4 minutes 12, up to 2026-11-23 17:54:12 UTC")
    }

    @Test func `deleting the last one is a warning`() throws {
        let item = DeletePlan.Item(name: try SnapshotName("b1"), created: now.adding(seconds: -86_400), bytes: 1_400_000_000)
        let summary = DeletePlan(kind: .backup, place: "target nas", items: [item], remaining: 0, madeAt: now).summary
        #expect(summary.title == "delete backup b1 of target nas")
        #expect(summary.lines.first == PlanSummary.Line("b1", "1d ago, 1.4 GB"))
        #expect(summary.warnings == ["no backup will be left of target nas"])
        #expect(summary.undo == nil)
    }

    @Test func `deleting a cluster without a full backup is a warning`() throws {
        let store = ClusterDeletePlan.Item(store: "uploads", path: "/srv/uploads", bytes: 10)
        let bare = ClusterDeletePlan(cluster: cluster, stores: [store], snapshots: 2, storage: "/s", newestBackups: [], madeAt: now).summary
        #expect(bare.warnings == ["no target holds a full backup of this cluster"])
        #expect(bare.losses == ["everything in /srv/uploads", "all 2 snapshots"])
        #expect(bare.undo == nil)
        let backup = ClusterDeletePlan.Backup(name: try SnapshotName("b1"), target: "nas", mode: .full, created: now, path: "/mnt/nas")
        let safe = ClusterDeletePlan(cluster: cluster, stores: [store], snapshots: 0, storage: "/s", newestBackups: [backup], madeAt: now)
            .summary
        #expect(safe.warnings.isEmpty)
        #expect(safe.undo?.hasPrefix("holdfast cluster restore b1 --from /mnt/nas brings back") == true)
    }

    @Test func `a cluster restore tells what moves and what has to be reloaded`() throws {
        var manifest = try sampleManifest()
        manifest.kind = .backup
        manifest.mode = .lightweight
        let file = ClusterFile(
            path: "/new.yaml", name: "new", release: "7.0", state: "/s", storage: "/s/snapshots", password: .file("/p"),
            stores: [
                StoreDeclaration(name: "accounts", kind: .sqlite, role: .metadata, path: "/srv/acme/accounts.db"),
                StoreDeclaration(name: "lake", kind: .directory, role: .data, path: "/lake"),
            ])
        let matching = try matchStores(of: manifest, to: file, without: [])
        let summary = ClusterRestorePlan(backup: manifest, from: "/mnt/nas", file: file, matching: matching, madeAt: now).summary
        #expect(summary.lines.contains(PlanSummary.Line("lake", "900 B → /lake (was /srv/acme/lake)")))
        #expect(summary.lines.contains(PlanSummary.Line("accounts", "100 B → /srv/acme/accounts.db")))
        #expect(summary.losses == ["to reload in lake: files below /srv/acme/lake (11 files, 900 B)"])
        #expect(summary.warnings.first?.contains("made under release 6.2.1") == true)
    }

    @Test func `a restore plan tells whether the safety snapshot has room`() throws {
        func plan(toSave: UInt64?, free: UInt64?, differs: Bool = true) throws -> PlanSummary {
            RestorePlan(
                snapshot: try SnapshotName("nightly"), cut: now, release: "7.0", cluster: cluster,
                stores: [
                    StoreChanges(store: "a", replaced: differs ? 1 : 0, bytesToSave: toSave),
                    StoreChanges(store: "b", bytesToSave: 500_000),
                ],
                safety: try SnapshotName("safe"), freeForSafety: free, madeAt: now
            ).summary
        }
        let roomy = try plan(toSave: 2_000_000, free: 10_000_000)
        #expect(roomy.lines.last == PlanSummary.Line("first", "safety snapshot safe, up to 2.5 MB; 10.0 MB free"))
        #expect(roomy.warnings.isEmpty)
        #expect(try plan(toSave: 9_600_000, free: 10_000_000).warnings.contains { $0.contains("may find no room") })
        #expect(try plan(toSave: nil, free: 1000).warnings.contains { $0.contains("may find no room") })
        #expect(try plan(toSave: 9_600_000, free: nil).warnings.isEmpty)
        #expect(try plan(toSave: 9_600_000, free: 0, differs: false).warnings.isEmpty, "none is taken when nothing differs")
    }

    @Test func `a prune plan tells what is freed and when`() {
        let plan = RepositoryPrunePlan(
            place: "target nas", packsToDelete: 4, packsToRewrite: 2, bytesToWrite: 1_000_000, bytesFreed: 64_000_000,
            bytesUsed: 1_400_000_000,
            graceSeconds: 86_400)
        #expect(plan.summary.lines.contains(PlanSummary.Line("unused packs", "4, deleted after 1 day")))
        #expect(!plan.isEmpty)
        #expect(plan.summary.losses.isEmpty)
    }
}

@Suite struct ExtentTests {
    static let table: [(BackupMode, StoreRole, Bool, StoreExtent)] = [
        (.full, .data, true, .whole), (.full, .metadata, true, .whole), (.lightweight, .data, false, .structure),
        (.lightweight, .metadata, true, .withoutBulkRows), (.lightweight, .content, false, .whole), (.lightweight, .config, false, .whole),
        (.dataless, .metadata, true, .withoutBulkRows), (.dataless, .config, false, .whole), (.dataless, .content, false, .structure),
        (.dataless, .data, true, .structure),
    ]

    @Test(arguments: table) func `modes choose by role`(_ mode: BackupMode, _ role: StoreRole, _ bulk: Bool, _ extent: StoreExtent) {
        #expect(StoreExtent(mode: mode, role: role, hasBulkTables: bulk) == extent)
    }
}
