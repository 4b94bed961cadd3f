import HostIO

/// Has what was written go to the disk while more is being written, so that little is left to wait for at the end.
final class WriteBack: Sendable {
    private struct State: Sendable {
        var bytes = 0
        var ended = false
    }

    /// Bytes that are worth a round.
    private static let enough = 32 << 20

    private let monitor = Monitor(State())

    /// Wakes a thread: small amounts are gathered by whoever writes them.
    func wrote(_ bytes: Int) { monitor.change { $0.bytes += bytes } }

    /// Once more after an end.
    func begin() { monitor.change { $0 = State() } }

    func end() { monitor.change { $0.ended = true } }

    /// Syncs again and again until the end.
    func work(_ sync: () throws -> Void) throws {
        while true {
            let ended = monitor.wait { state -> Bool? in
                if state.ended { return true }
                guard state.bytes >= Self.enough else { return nil }
                state.bytes = 0
                return false
            }
            if ended { return }
            try sync()
        }
    }
}
