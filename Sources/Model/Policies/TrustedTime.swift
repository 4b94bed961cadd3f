/// What the clocks of a host say at one instant.
package struct ClockReading: Hashable, Sendable {
    /// The time of day; anybody may set it.
    package var wall: Timestamp
    /// Names the run of the system since it was started; empty when there is no such name.
    package var boot: String
    /// Since the start of the system, suspension included; nobody sets it.
    package var nanoseconds: UInt64

    package init(wall: Timestamp, boot: String, nanoseconds: UInt64) {
        self.wall = wall
        self.boot = boot
        self.nanoseconds = nanoseconds
    }
}

/// A line of time that goes on with each entry that arrives and that no setting of the clock bends: retention counts on it. Within one run of the
/// system it goes on by the time that has really passed; after a restart by the time of day, and never back.
package struct TrustedTime: Hashable, Sendable, Codable {
    /// The time of day is followed as long as it is no farther off than this, in seconds: clocks drift, and are set right.
    package static let tolerance: Double = 1800

    package private(set) var now: Timestamp
    private var boot: String
    private var nanoseconds: UInt64

    package init(_ reading: ClockReading) {
        now = reading.wall
        boot = reading.boot
        nanoseconds = reading.nanoseconds
    }

    package mutating func advance(to reading: ClockReading) {
        let isSameBoot = !boot.isEmpty && boot == reading.boot && reading.nanoseconds >= nanoseconds
        let passed = isSameBoot ? reading.nanoseconds - nanoseconds : 0
        let fraction = UInt64(now.nanoseconds) + passed % 1_000_000_000
        let expected = Timestamp(seconds: now.seconds, nanoseconds: UInt32(fraction % 1_000_000_000))
            .adding(seconds: Int64(passed / 1_000_000_000 + fraction / 1_000_000_000))
        let isBelievable = !isSameBoot || abs(reading.wall.secondsSince(expected)) <= Self.tolerance
        now = isBelievable ? max(now, reading.wall) : expected
        boot = reading.boot
        nanoseconds = reading.nanoseconds
    }
}

/// An entry that a policy has made, as the catalogue notes it when it is there.
package struct Arrival: Hashable, Sendable, Codable {
    /// Hex of the snapshot id.
    package var id: String
    package var name: SnapshotName
    /// By ``TrustedTime``: never before the one that arrived earlier.
    package var at: Timestamp
    package var quality: Quality
    /// Names of stores that are not good in it; nil in catalogues of before they were noted, and when there are none.
    package var flawedStores: [String]?

    package enum Quality: String, Sendable, Codable {
        /// All that was to be in it is in it; of a backup, proven.
        case good
        /// Entries are missing, or a check found damage.
        case flawed
    }

    package init(id: String, name: SnapshotName, at: Timestamp, quality: Quality, flawedStores: [String] = []) {
        self.id = id
        self.name = name
        self.at = at
        self.quality = quality
        self.flawedStores = flawedStores.isEmpty ? nil : flawedStores
    }
}
