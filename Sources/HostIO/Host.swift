package import Model

/// The clock as the rest of Holdfast sees it.
package protocol WallClock: Sendable {
    /// The time of day; may jump in either direction.
    func now() -> Timestamp
    /// Nanoseconds since an arbitrary origin; never goes back, counts on while the machine is suspended.
    func monotonicNanoseconds() -> UInt64
    /// Returns when so much of the monotonic time has passed.
    func sleep(for duration: Duration)
}

extension WallClock {
    package func sleep(for duration: Duration) { sleepThread(for: duration) }
}

/// Random bytes fit for keys.
package protocol RandomSource: Sendable {
    func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

/// The machine and process that Holdfast runs on, passed down from `main` so that tests can replace each part.
package struct Host: Sendable {
    package var clock: any WallClock
    package var random: any RandomSource
    package var name: String
    package var user: String
    package var processID: Int32
    /// Worker threads for work bound by the processor; at least 1.
    package var processors: Int
    /// Names the run of the system since it was started; empty when there is no such name.
    package var boot: String
    /// This process, for others who want to know whether it has ended; nil where it cannot be told.
    package var process: ProcessIdentity?

    package init(
        clock: any WallClock, random: any RandomSource, name: String, user: String, processID: Int32, processors: Int,
        boot: String = "", process: ProcessIdentity? = nil
    ) {
        self.clock = clock
        self.random = random
        self.name = name
        self.user = user
        self.processID = processID
        self.processors = max(1, processors)
        self.boot = boot
        self.process = process
    }

    /// What the clocks say now.
    package func readClocks() -> ClockReading {
        ClockReading(wall: clock.now(), boot: boot, nanoseconds: clock.monotonicNanoseconds())
    }

    package func randomBytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            random.fill(UnsafeMutableRawBufferPointer(buffer))
            filled = count
        }
    }
}
