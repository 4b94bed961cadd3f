import Testing
@testable import WebServer

@Suite struct WebSeatsTests {
    private var limits: WebLimits {
        var limits = WebLimits()
        (limits.connections, limits.connectionsOfOne) = (4, 2)
        return limits
    }

    private func seats(_ list: (WebSeats.Party, Bool)...) -> [Int: WebSeats.Seat] {
        list.enumerated().reduce(into: [:]) { $0[$1.offset] = WebSeats.Seat(party: $1.element.0, isBusy: $1.element.1, since: $1.offset) }
    }

    @Test func `where there is room everybody is let in`() {
        #expect(WebSeats.decide([:], for: .user(1), limits) == .take)
        #expect(WebSeats.decide(seats((.user(1), true), (.user(2), true)), for: .user(1), limits) == .take)
    }

    @Test func `one peer with too many loses the one that waits longest`() {
        #expect(
            WebSeats.decide(seats((.user(2), false), (.user(1), true), (.user(1), false)), for: .user(1), limits) == .takeAfterEnding(2))
        #expect(WebSeats.decide(seats((.user(1), true), (.user(1), true)), for: .user(1), limits) == .refuse)
    }

    @Test func `when all is full whoever waits longest makes room for another peer`() {
        let full = seats((.user(1), true), (.user(2), false), (.user(3), false), (.user(4), true))
        #expect(WebSeats.decide(full, for: .user(5), limits) == .takeAfterEnding(1))
        #expect(
            WebSeats.decide(full.mapValues { WebSeats.Seat(party: $0.party, isBusy: true, since: 0) }, for: .user(5), limits) == .refuse)
    }
}
