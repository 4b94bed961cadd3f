import HostIO
import ResticFormat

/// A directory that is on both sides while its entries are gone through, in the order of their names and in steps: neither side is in memory as a whole,
/// and what lies below the first entries is compared before the next ones are looked at.
final class DirectoryComparison: @unchecked Sendable {
    // Whoever has it gives it on as a whole: it is used by one thread at a time.
    enum Pair {
        case wanted(Node)
        case there(Node)
        case both(Node, Node)
    }

    let image: ImageDirectory
    let directory: PlannedDirectory
    private let wanted: ImageNodes
    private let excluded: Set<[UInt8]>
    private var listing: LocalEntries?
    private var nextWanted: Node?
    private var nextThere: Node?
    private var hasBegun = false

    /// `excluded`: names of the image that are passed over.
    init(_ image: ImageDirectory, _ wanted: ImageNodes, with directory: PlannedDirectory, excluding excluded: Set<[UInt8]>) {
        self.image = image
        self.wanted = wanted
        self.directory = directory
        self.excluded = excluded
    }

    /// Nil at the end. A ``ListingProblem`` is one of the directory that is there.
    func next() throws -> Pair? {
        if !hasBegun {
            hasBegun = true
            listing = try ofListing { try LocalEntries(of: directory.source, IssueCollector()) }
            try takeThere()
            try takeWanted()
        }
        guard let wanted = nextWanted else {
            guard let there = nextThere else { return nil }
            try takeThere()
            return .there(there)
        }
        guard let there = nextThere, !Tree.areInOrder(wanted.name, there.name) else {
            try takeWanted()
            return .wanted(wanted)
        }
        try takeThere()
        guard there.name == wanted.name else { return .there(there) }
        try takeWanted()
        return .both(wanted, there)
    }

    /// Other directories are looked at before the next step.
    func pause() { listing?.pause() }

    private func takeThere() throws { nextThere = try ofListing { try listing?.next(IssueCollector()) } }

    private func takeWanted() throws {
        repeat { nextWanted = try wanted.next() } while nextWanted.map { excluded.contains($0.name) } ?? false
    }

    private func ofListing<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw ListingProblem(error: error) }
    }
}

/// The directory of the destination cannot be listed, or not to its end.
struct ListingProblem: Error {
    let error: any Error
}
