import Clusters
import HostIO
import Model

/// Looks after the health of the cluster beside the policies, and tells what changes. What was told stands in `alerts.json` in `state`, which
/// belongs to the one who serves the cluster; so nothing here waits for a lock.
enum AlertWatch {
    /// Seconds between two looks, and between two heartbeats.
    static let interval: UInt64 = 60

    /// Gives what is to be told now to `tell`, one after the other. What a signal cut off counts as not told, and is told by the next service.
    static func look(_ cluster: Cluster, tell: (AlertNotice) -> Void) throws {
        var book = try cluster.state.read(StateDirectory.alerts).flatMap(AlertBook.init(json:)) ?? AlertBook()
        let before = book
        let facts = try cluster.health()
        book.note(facts.rooms, at: facts.now)
        let notices = book.update(facts.concerns, at: facts.now, repeatingAfter: Double(cluster.file.alerts.repeatSeconds))
        for notice in notices {
            tell(notice)
            if EndingSignals.isAsked { throw Cancelled() }
        }
        if book != before { try cluster.state.write(try book.json(), StateDirectory.alerts) }
    }
}
