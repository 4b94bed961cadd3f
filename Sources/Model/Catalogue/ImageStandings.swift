/// What the newest snapshot, or the newest backup in a target, lacks.
package struct ImageReport: Hashable, Sendable, Codable {
    package struct Line: Hashable, Sendable, Codable {
        package var store: String
        /// "up: 1 entry could not be read (b: permission denied)".
        package var text: String
        /// The image may stand for its store in spite of that.
        package var isGood: Bool

        package init(store: String, text: String, isGood: Bool) {
            self.store = store
            self.text = text
            self.isGood = isGood
        }
    }

    /// Name of the target; nil: a snapshot in the storage.
    package var target: String?
    package var name: SnapshotName
    package var time: Timestamp
    package var lines: [Line]

    package init(of manifest: Manifest, in target: String?, at now: Timestamp) {
        self.target = target
        name = manifest.name
        time = now
        lines = manifest.stores.compactMap { record in
            let judgement = record.completeness
            return judgement.shortcoming(of: record.name).map { Line(store: record.name, text: $0, isGood: judgement.isGood) }
        }
    }
}

/// What the catalogue knows about whether images may stand for their stores: what a person has accepted, what a restore explains.
extension Catalogue {
    /// A person says that the stores are right as this entry shows them. Later ones are compared with it.
    package mutating func accept(_ manifest: Manifest, id: String, at now: Timestamp) {
        accepted = (accepted ?? []).filter { $0 != id } + [id]
        let kind = manifest.kind.rawValue
        if manifest.kind == .snapshot {
            for record in manifest.stores { noteBaseline(StoreBaseline(record, at: now, source: "\(kind) \(manifest.name)")) }
        }
        reports = reports?.filter { !($0.name == manifest.name && ($0.target == nil) == (manifest.kind == .snapshot)) }
        let flawed = flawedStores(of: manifest, id: id)
        noteQuality(flawed.isEmpty, of: id)
        policies.reconsider(id, flawed: flawed, at: now)
    }

    package func isAccepted(_ id: String) -> Bool { accepted?.contains(id) ?? false }

    /// The store is known to hold this now: a restore that a person wanted made it so.
    package mutating func noteBaseline(_ baseline: StoreBaseline) {
        baselines = (baselines ?? []).filter { $0.store != baseline.store } + [baseline]
    }

    package func baseline(of store: String) -> StoreBaseline? { baselines?.first { $0.store == store } }

    /// Names of stores whose image may not stand for them, after what a person has accepted.
    package func flawedStores(of manifest: Manifest, id: String) -> [String] {
        guard isAccepted(id) else { return manifest.flawedStores }
        return manifest.stores.filter { !$0.accepted.completeness.isGood }.map(\.name)
    }

    package func quality(of manifest: Manifest, id: String) -> Arrival.Quality {
        flawedStores(of: manifest, id: id).isEmpty ? .good : .flawed
    }

    package func standing(of manifest: Manifest, id: String) -> ImageStanding {
        ImageStanding(id: id, stores: manifest.stores.map(\.name), flawed: flawedStores(of: manifest, id: id))
    }

    /// What the newest entry in each place lacks.
    package var imageReports: [ImageReport] { reports ?? [] }

    package mutating func note(_ report: ImageReport) {
        let rest = imageReports.filter { $0.target != report.target }
        let all = report.lines.isEmpty ? rest : rest + [report]
        reports = all.isEmpty ? nil : all
    }
}

extension Manifest {
    /// Throws `refused` for a store of which nobody can say that it is right as it is.
    package func checkAcceptable() throws(Failure) {
        for record in stores {
            guard let doubt = record.doubts?.first(where: { !$0.isAcceptable }) else { continue }
            throw Failure(
                .refused, "the \(kind.rawValue) \(name) cannot be accepted: \(record.name): \(doubt.text)",
                hint: "end the restore, then make a new one")
        }
    }
}

extension StoreRecord {
    /// Without the doubts that a person can dispel.
    package var accepted: StoreRecord {
        var record = self
        let left = (doubts ?? []).filter { !$0.isAcceptable }
        record.doubts = left.isEmpty ? nil : left
        return record
    }
}
