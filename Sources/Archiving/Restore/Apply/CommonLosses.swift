import HostIO
import Model
import Synchronization

/// What a destination does to all entries alike: told once at the end, at the first of them in the order of their paths, with how many there are.
final class CommonLosses: Sendable {
    enum Kind: CaseIterable, Sendable {
        case linkTime, linkOwner, linkAttributes
        /// The time that it keeps is nearly that of the image.
        case roundedTime
    }

    private struct Count {
        var entries = 0
        var first = ""
        /// Seconds.
        var most = 0.0
    }

    private let counts = Mutex<[Kind: Count]>([:])

    /// `seconds`: between the time of the image and the one that is kept.
    func note(_ kind: Kind, _ path: String, by seconds: Double = 0) {
        counts.withLock { counts in
            var count = counts[kind] ?? Count()
            count.entries += 1
            // The root has an empty path, which says less than any other.
            if count.first.isEmpty || (!path.isEmpty && path < count.first) { count.first = path }
            count.most = max(count.most, seconds)
            counts[kind] = count
        }
    }

    var issues: [EntryIssue] {
        let counts = counts.withLock { $0 }
        return Kind.allCases.compactMap { kind in
            counts[kind].map { EntryIssue(kind: .metadata, path: $0.first, detail: Self.detail(kind, $0)) }
        }
    }

    private static func detail(_ kind: Kind, _ count: Count) -> String {
        let others = count.entries - 1
        let place = "this file system would set \(kind == .linkAttributes ? "them" : "it") on what the link leads to"
        func ofLinks(_ what: String, _ verb: String) -> String {
            "\(what) \(verb) left out\(others == 0 ? "" : ", as of \(counted(others, "more symbolic link"))"): \(place)"
        }
        switch kind {
        case .linkTime: return ofLinks("the link's time", "is")
        case .linkOwner: return ofLinks("the link's owner", "is")
        case .linkAttributes: return ofLinks("the link's attributes", "are")
        case .roundedTime:
            return "the time is rounded\(others == 0 ? "" : ", as of \(counted(others, "more entry", "more entries"))"): "
                + "this file system keeps times to within \(grain(count.most))"
        }
    }

    private static func grain(_ seconds: Double) -> String {
        seconds < 0.000_001 ? "a microsecond" : seconds < 0.001 ? "a millisecond" : seconds < 1 ? "a second" : "two seconds"
    }
}
