import NIOCore
import Synchronization

/// The connections that there are, and who has them: a peer that opens many and sends nothing keeps nobody out.
final class WebSeats: Sendable {
    /// What counts as one peer.
    enum Party: Hashable, Sendable {
        case user(UInt32), address(String), network([UInt8]), unknown
    }

    struct Seat: Hashable, Sendable {
        var party: Party
        /// A request has come whole and is being answered.
        var isBusy = false
        /// Grows with every change of ``isBusy``.
        var since: Int
    }

    /// What is to be done with one that comes.
    enum Decision: Hashable, Sendable {
        case take
        case takeAfterEnding(Int)
        case refuse
    }

    private struct State {
        var seats: [Int: Seat] = [:]
        var channels: [Int: any Channel] = [:]
        var next = 0

        mutating func count() -> Int {
            next += 1
            return next
        }
    }

    private let limits: WebLimits
    private let state = Mutex(State())

    init(_ limits: WebLimits) { self.limits = limits }

    /// Who waits longest without a request has to go where there is no room.
    static func decide(_ seats: [Int: Seat], for party: Party, _ limits: WebLimits) -> Decision {
        let own = seats.filter { $0.value.party == party }
        let crowd = own.count >= limits.connectionsOfOne ? own : seats.count >= limits.connections ? seats : nil
        guard let crowd else { return .take }
        let idle = crowd.filter { !$0.value.isBusy }.min { $0.value.since < $1.value.since }
        return idle.map { .takeAfterEnding($0.key) } ?? .refuse
    }

    /// The number of the seat; nil when there is none.
    func take(_ party: Party, _ channel: any Channel) -> Int? {
        let (number, ended) = state.withLock { state -> (Int?, (any Channel)?) in
            var ended: (any Channel)?
            switch Self.decide(state.seats, for: party, limits) {
            case .take: break
            case .takeAfterEnding(let other):
                state.seats[other] = nil
                ended = state.channels.removeValue(forKey: other)
            case .refuse: return (nil, nil)
            }
            let number = state.count()
            state.seats[number] = Seat(party: party, since: number)
            state.channels[number] = channel
            return (number, ended)
        }
        ended?.close(promise: nil)
        return number
    }

    func leave(_ number: Int) {
        state.withLock { state in
            state.seats[number] = nil
            state.channels[number] = nil
        }
    }

    func note(_ number: Int, isBusy: Bool) {
        state.withLock { state in
            let since = state.count()
            state.seats[number]?.isBusy = isBusy
            state.seats[number]?.since = since
        }
    }
}
