import HostIO

/// Sets an event when the last who holds it lets go.
final class Token: Sendable {
    private let ended: Event

    init(_ ended: Event) { self.ended = ended }

    deinit { ended.set() }
}
