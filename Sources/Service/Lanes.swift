import HostIO
import Model

/// What a service does, each on a lane of its own: at most one of a kind at a time, and none keeps another waiting.
enum Lane: String, Sendable, CaseIterable {
    case snapshots, backups
    /// The look at the epochs.
    case epochs
    /// Of a standby.
    case sync
    /// An answer to a standby that wants to take over.
    case handover
    case alerts, heartbeat

    /// What such a run is of; what is no run of a policy has none.
    init(of policy: PolicyID) { self = policy.backupName == nil ? .snapshots : .backups }

    /// Given up cleanly and waited for when the service ends; the others only look and tell, and may hang with a mount.
    var isWork: Bool {
        switch self {
        case .snapshots, .backups, .sync, .handover: true
        case .epochs, .alerts, .heartbeat: false
        }
    }
}

/// Something that was found out or done, to be told.
struct ServiceLine: Hashable, Sendable {
    var kind: ServiceEvent.Kind
    var message: String

    init(_ kind: ServiceEvent.Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// One thing that is done on a lane.
final class LaneRun: Sendable {
    typealias Outcome = Result<[ServiceLine], any Error>

    /// Nil when it is no run of a policy.
    let policy: PolicyID?
    let work: JobControl
    /// By the monotonic clock.
    let began: UInt64
    private let outcome: Monitor<Outcome?>

    /// On a thread of its own, or, `inTurn`, before this returns.
    init(
        _ lane: Lane, of policy: PolicyID? = nil, _ work: JobControl, at began: UInt64, inTurn: Bool,
        _ body: @escaping @Sendable () throws -> [ServiceLine]
    ) throws {
        self.policy = policy
        self.work = work
        self.began = began
        let outcome = Monitor<Outcome?>(nil)
        self.outcome = outcome
        if inTurn {
            let result = Result { try body() }
            outcome.change { $0 = result }
            return
        }
        // The thread ends by itself; what it does is waited for through the outcome.
        _ = try WorkerThread(named: lane.rawValue) {
            let result = Result { try body() }
            outcome.change { $0 = result }
        }
    }

    var isOver: Bool { outcome.read { $0 != nil } }

    /// Waits for the end.
    func result() -> Outcome { outcome.wait { $0 } }

    /// Nil when it does not end in time.
    func result(atMost patience: Duration) -> Outcome? { outcome.wait(atMost: patience) { $0 } }
}

/// What is under way.
struct Lanes {
    private var runs: [Lane: LaneRun] = [:]

    subscript(lane: Lane) -> LaneRun? {
        get { runs[lane] }
        set { runs[lane] = newValue }
    }

    /// In the order of the lanes.
    var all: [(lane: Lane, run: LaneRun)] { Lane.allCases.compactMap { lane in runs[lane].map { (lane, $0) } } }
    var isAnyOver: Bool { runs.values.contains(where: \.isOver) }
}
