import Model
import Snapshots
import Standby
import StoreContract

/// What a sync did, in one line.
enum StandbyWords {
    static func line(_ outcome: SyncOutcome) -> String {
        let name = "standby at \(outcome.point.name)"
        if outcome.wasThere { return "\(name) already" }
        let written = outcome.stores.saturatedSum(\.changes.bytesWritten)
        let seconds = DurationText.spoken(seconds: outcome.fetchSeconds + outcome.applySeconds)
        return "\(name): \(ByteCount(outcome.bytesFetched)) fetched, \(ByteCount(written)) written, in \(seconds)"
    }
}
