import Clusters
import HostIO
import Model
import StoreContract

/// Where drills restore to. What a drill that was killed has left there is removed by the next one, wherever that restores to: the places are
/// noted in the state before anything is made.
struct DrillScratch {
    let cluster: Cluster

    /// A new directory in `chosen` (absolute), or in the state. Called by whoever holds the lock for drills.
    func make(in chosen: String?) throws -> ScratchDirectory {
        let parent = chosen ?? "\(cluster.state.path)/\(StateDirectory.scratch)"
        if chosen != nil { try cluster.checkOverlaps(with: [NamedPlace(.scratch, "the scratch place", parent)]) }
        let places = try sweep() + [parent]
        try cluster.state.write(Array((Set(places).sorted().joined(separator: "\n") + "\n").utf8), StateDirectory.drillPlaces)
        if chosen == nil { return try cluster.state.makeScratch() }
        try ScratchDirectory.sweep(parent)
        return try ScratchDirectory(in: parent)
    }

    /// Gives the places that could not be looked at: a disk that is not mounted now.
    private func sweep() throws -> [String] {
        let text = String(decoding: try cluster.state.read(StateDirectory.drillPlaces) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map(String.init).filter { place in
            do {
                guard try statusOfPath(place) != nil else { return true }
                try ScratchDirectory.sweep(place)
                return false
            } catch { return true }
        }
    }
}
