import HostIO
import Model
import Synchronization

/// What a quick look at a place or a store has shown.
struct Sighting: Sendable {
    var whereabouts = Whereabouts()
    var room: PlaceRoom?
    /// Of a target: whether a repository is there.
    var isRepository = false
    /// Of a place without a repository: something else is in it.
    var isOccupied = false
    /// Of a target: when the newest backup that is still there was cut.
    var newest: Timestamp?
    /// The same by the store that it holds.
    var newestOf: [String: Timestamp] = [:]
    var problem: Failure?
    /// It is not what it was.
    var doubt: PlaceDoubt?
}

/// Looks that may hang, as a mount does: each on a thread of its own, none waited for without end, and none begun again while the last one hangs.
enum Sightings {
    private static let patience = Duration.seconds(10)
    /// For one that hung when it was waited for before.
    private static let glimpse = Duration.milliseconds(200)

    private struct Look: Sendable {
        let outcome: Monitor<Sighting?>
        var isHanging = false
    }

    /// By key, of the whole process.
    private static let running = Mutex<[String: Look]>([:])

    /// By the keys of `looks`. All of them together take no longer than one that hangs. Throws ``Cancelled`` when the process was asked to end meanwhile.
    static func gather(_ looks: [String: @Sendable () throws -> Sighting]) throws -> [String: Sighting] {
        let clock = SystemClock()
        let start = clock.monotonicNanoseconds()
        let begun = looks.reduce(into: [String: Look]()) { $0[$1.key] = begin($1.key, $1.value) }
        return try begun.reduce(into: [:]) { sightings, entry in
            let (key, look) = (entry.key, entry.value)
            let left = patience - .nanoseconds(Int64(clamping: clock.monotonicNanoseconds() &- start))
            if let sighting = try wait(for: look, atMost: look.isHanging ? glimpse : max(left, glimpse)) {
                sightings[key] = sighting
                return
            }
            running.withLock { $0[key]?.isHanging = true }
            let hint = "a mount or server hangs: look at it, and at the kernel's messages (dmesg)"
            sightings[key] = Sighting(problem: Failure(.storage, "it does not answer", hint: hint))
        }
    }

    /// Nil when there is none in time.
    private static func wait(for look: Look, atMost patience: Duration) throws -> Sighting? {
        var left = patience
        while left > .zero {
            if let sighting = look.outcome.wait(atMost: min(left, glimpse), until: { $0 }) { return sighting }
            if EndingSignals.isAsked { throw Cancelled() }
            left -= glimpse
        }
        return nil
    }

    private static func begin(_ key: String, _ body: @escaping @Sendable () throws -> Sighting) -> Look {
        running.withLock { running in
            if let known = running[key] { return known }
            let look = Look(outcome: Monitor(nil))
            do {
                _ = try WorkerThread(named: "look") {
                    var sighting = Sighting()
                    do { sighting = try body() } catch { sighting.problem = Failure(describing: error) }
                    Self.running.withLock { $0[key] = nil }
                    look.outcome.change { $0 = sighting }
                }
                running[key] = look
            } catch {
                look.outcome.change { $0 = Sighting(problem: Failure(describing: error)) }
            }
            return look
        }
    }
}
