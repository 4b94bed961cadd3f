/// What became of a policy so far.
package struct PolicyRecord: Hashable, Sendable, Codable {
    /// Runs whose cost is remembered.
    package static let samplesKept = 20

    /// What a run cost that did what it should.
    package struct Sample: Hashable, Sendable, Codable {
        package var seconds: Double
        /// Added to the storage or target.
        package var bytesAdded: UInt64
        /// What the entry holds.
        package var bytes: UInt64
        /// Of a snapshot: how long its writers were held, and how far apart its stores' instants lie.
        package var pauseSeconds: Double?
        package var skewSeconds: Double?

        package init(seconds: Double, bytesAdded: UInt64, bytes: UInt64) {
            self.seconds = seconds
            self.bytesAdded = bytesAdded
            self.bytes = bytes
        }
    }

    package var state: ScheduleState
    package var time: TrustedTime?
    /// Entries of the policy that are there, in the order of their arrival.
    package private(set) var arrivals: [Arrival]
    /// Oldest first.
    package private(set) var samples: [Sample]
    /// The name of an entry that is being made: one that is there and has not arrived was made by a run that a crash ended.
    package var pending: SnapshotName?
    /// When the last good entry came, by the clock of then; nil before the first.
    package var lastGood: Timestamp?
    /// Why the last run failed; nil when it did not.
    package var lastFailure: String?
    /// Slots that had no run since the policy began.
    package var missed: Int64
    /// Of a backup that the policy made; nil before there was any.
    package private(set) var lastDrill: DrillNote?
    /// The last one that found nothing wrong; nil in records of before it was noted.
    private var lastGoodDrill: DrillNote?
    /// When the policy began, or began anew; nil for one that a cluster was made with.
    package var begun: Timestamp?

    package init(state: ScheduleState = ScheduleState()) {
        self.state = state
        arrivals = []
        samples = []
        missed = 0
    }

    package mutating func arrive(
        _ id: String, _ name: SnapshotName, _ quality: Arrival.Quality, flawedStores: [String] = [], at reading: ClockReading
    ) {
        var line = time ?? TrustedTime(reading)
        line.advance(to: reading)
        time = line
        arrivals.append(Arrival(id: id, name: name, at: line.now, quality: quality, flawedStores: flawedStores))
        pending = nil
        if quality == .good { lastGood = reading.wall }
    }

    /// One that was made earlier and not noted then. `created`: what it says of itself, believed as far as it can be true.
    package mutating func adopt(
        _ id: String, _ name: SnapshotName, _ quality: Arrival.Quality, created: Timestamp, at reading: ClockReading
    ) {
        var line = time ?? TrustedTime(reading)
        line.advance(to: reading)
        let at = min(max(created, arrivals.last?.at ?? created), line.now)
        arrivals.append(Arrival(id: id, name: name, at: at, quality: quality))
        pending = nil
    }

    /// One that arrived is what it should be, or lacks entries.
    package mutating func proved(_ id: String, flawed stores: [String], at now: Timestamp) {
        for index in arrivals.indices where arrivals[index].id == id {
            arrivals[index].quality = stores.isEmpty ? .good : .flawed
            arrivals[index].flawedStores = stores.isEmpty ? nil : stores
        }
        if stores.isEmpty { lastGood = now }
    }

    /// When the next run is due; not after `now` when that is now.
    package func next(_ schedule: Schedule, at now: Timestamp) -> Timestamp {
        switch schedule.due(schedule.settled(state, at: now), at: now, elapsed: nil) {
        case .now(let slot, _), .retry(let slot, _): slot
        case .later(let instant): instant
        }
    }

    /// The policy is new, was changed or enabled again: its first run is at its next slot.
    package mutating func begin(_ schedule: Schedule, at now: Timestamp) {
        state = schedule.begun(at: now)
        begun = now
        lastFailure = nil
    }

    /// The same for one that was at work before: where nothing good has ever come of it, it has been silent since then.
    package mutating func goOn(_ schedule: Schedule, at now: Timestamp) {
        let since = lastGood == nil ? begun : nil
        begin(schedule, at: now)
        begun = since ?? now
    }

    package var newestGoodDrill: DrillNote? { lastGoodDrill ?? lastDrill.flatMap { $0.verdict == .failed ? nil : $0 } }

    package mutating func note(_ drill: DrillNote) {
        lastDrill = drill
        if drill.verdict != .failed { lastGoodDrill = drill }
    }

    package mutating func forget(_ ids: Set<String>) { arrivals.removeAll { ids.contains($0.id) } }

    package mutating func add(_ sample: Sample) {
        samples.append(sample)
        if samples.count > Self.samplesKept { samples.removeFirst(samples.count - Self.samplesKept) }
    }

    /// The median of what runs took; nil before there are three.
    package var usualSeconds: Double? {
        samples.count < 3 ? nil : samples.map(\.seconds).sorted()[samples.count / 2]
    }

    /// Why the policy cannot be kept as it is; nil when it can.
    package func concern(about schedule: Schedule) -> String? {
        guard let usual = usualSeconds, usual > Double(schedule.every.seconds) else { return nil }
        return "a run usually takes \(DurationText.spoken(seconds: usual)), more than the period of \(schedule.every): runs will be missed"
    }

    /// What entries will cost, as far as there is any experience.
    package var sizes: SizeEstimate? {
        guard let last = samples.last else { return nil }
        let later = samples.dropFirst().map(\.bytesAdded).sorted()
        return SizeEstimate(first: last.bytes, each: later.isEmpty ? last.bytesAdded : later[later.count / 2])
    }

    /// Notes a run for `slot` that ended at `now`. `failure`: why it failed; nil when it did not.
    package mutating func ended(slot: Timestamp, missed more: Int64, at now: Timestamp, failure: String?) {
        let isSameSlot = state.lastSlot == slot
        state.failures = failure == nil ? 0 : (isSameSlot ? state.failures : 0).addingSaturated(1)
        state.lastSlot = slot
        state.lastEnded = now
        lastFailure = failure
        missed = missed.addingSaturated(more)
    }
}

/// What entries take, estimated from what earlier ones took: they share what they have in common.
package struct SizeEstimate: Hashable, Sendable {
    /// What one holds.
    package var first: UInt64
    /// What each further one adds.
    package var each: UInt64

    package init(first: UInt64, each: UInt64) {
        self.first = first
        self.each = each
    }

    package func bytes(of count: Int) -> UInt64 {
        guard count > 0 else { return 0 }
        let more = each.multipliedReportingOverflow(by: UInt64(count - 1))
        return first.addingSaturated(more.overflow ? .max : more.partialValue)
    }
}
