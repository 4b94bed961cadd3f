package import Model
import ObjectStorage
package import RepositoryEngine
import ResticFormat

/// Looks at repositories that are held against what was seen there before.
extension Cluster {
    /// The snapshots of the repository at `path`, for a prune of it: throws `refused` when they cannot be all that there should be. `learning`: what is new is
    /// remembered.
    func witness(at path: String, learning: Bool) throws -> SnapshotReading {
        guard let place = try rememberedPlace(at: path) else { return { try $0.snapshots() } }
        return { repository in
            let (listing, doubt) = try self.look(at: place, in: repository)
            if let doubt { throw doubt.refusal(of: place, path: path, file: self.file.path) }
            if learning { try self.learn(listing, of: place, in: repository) }
            return listing
        }
    }

    /// All snapshots that are there, and why they cannot be all that there should be.
    func look(at place: RememberedPlace, in repository: OpenRepository) throws -> (listing: SnapshotListing, doubt: PlaceDoubt?) {
        let folder: MissingFolder = (try? memory(of: place))?.isEmpty == true ? .allowed : .refused
        return try judging(place, in: repository) {
            try repository.snapshots(folder: folder)
        } sight: { listing in
            // Whoever deletes refuses unreadable ones by themselves, and says more of them.
            let present = listing.snapshots.map(\.id.hex) + listing.unreadable.map(\.id.hex)
            return PlaceSight(
                repository: repository.id, present: Set(present), isEmptied: try listing.isEmpty && repository.holdsData(),
                config: try repository.configDigest())
        }
    }

    /// Entries of a kind, and why they cannot be all that there should be; for somebody who decides by them what goes.
    package func judged<Rest>(
        _ kind: ManifestKind, in repository: OpenRepository, at path: String, _ list: () throws -> (EntryListing, Rest)
    ) throws -> (listing: EntryListing, rest: Rest, doubt: PlaceDoubt?) {
        guard let place = try rememberedPlace(at: path) else {
            let (listing, rest) = try list()
            return (listing, rest, nil)
        }
        let (found, doubt) = try judging(place, in: repository, list) { found in
            PlaceSight(repository: repository.id, present: found.0.ids, kinds: [kind], config: try repository.configDigest())
        }
        return (found.0, found.1, doubt)
    }

    /// The entries of a kind, for somebody who deletes some of them. Throws `refused` when they cannot be all that there should be.
    package func believed(_ kind: ManifestKind, in repository: OpenRepository, at path: String) throws -> EntryListing {
        let (listing, _, doubt) = try judged(kind, in: repository, at: path) { (try EntryReader.list(kind, in: repository).listing, ()) }
        if let doubt, let place = try rememberedPlace(at: path) { throw doubt.refusal(of: place, path: path, file: file.path) }
        return listing
    }

    /// Reads between two looks at the memory, so that what others of this host add and delete meanwhile is no cause for doubt.
    private func judging<Listing>(
        _ place: RememberedPlace, in repository: OpenRepository, _ list: () throws -> Listing, sight: (Listing) throws -> PlaceSight
    ) throws -> (Listing, PlaceDoubt?) {
        guard var before = try readable(place) else { return (try list(), .forgotten) }
        let listing = try list()
        let sight = try sight(listing)
        let after = try readable(place) ?? before
        var doubt = PlaceMemory.doubt(about: sight, before: before, after: after)
        if let found = doubt, !found.gone.isEmpty || !found.goneStrangers.isEmpty {
            // Another installation of the cluster may have deleted them.
            before?.drop(Set(try repository.forgottenSnapshots().map(\.hex)))
            doubt = PlaceMemory.doubt(about: sight, before: before, after: after)
        }
        return (listing, doubt)
    }

    /// The memory of the place; the outer nil when it cannot be read.
    private func readable(_ place: RememberedPlace) throws -> PlaceMemory?? {
        do { return .some(try memory(of: place)) } catch {
            guard Failure(describing: error).code == .damaged else { throw error }
            return nil
        }
    }

    /// By the names of the files alone, as long as none is missing; then the repository is asked, if it can be opened.
    func glance(at place: RememberedPlace, _ path: String) throws -> PlaceDoubt? {
        guard let known = try readable(place) else { return .forgotten }
        guard let before = known, !before.isEmpty else { return nil }
        // What is no file, as a link in the place of one, has no bytes.
        let files = try ballasted(path).list(RepositoryLayout.Folder.snapshots.rawValue).filter { $0.size > 0 }
        let names = Set(files.map(\.name.text))
        let ids = names.compactMap { RepositoryLayout.id(in: $0, SnapshotNamed.self) }
        var present = Set(ids.filter { names.contains(RepositoryLayout.name(of: $0)) }.map(\.hex))
        let config = try ballasted(path).configDigest()
        let isWhole =
            before.entries.allSatisfy { present.contains($0.id) } && (before.strangers ?? []).allSatisfy(present.contains)
            && !present.isEmpty
        let isSame = before.config.map { $0 == config } ?? true
        if isWhole, isSame, before.returned(among: present).isEmpty { return nil }
        if let repository = try? open(path) {
            do {
                let (listing, doubt) = try look(at: place, in: repository)
                let lost = Set(listing.unreadable.map(\.id.hex))
                guard doubt == nil, before.entries.contains(where: { lost.contains($0.id) }) else { return doubt }
                present.subtract(lost)
            } catch { guard Failure(describing: error).code == .damaged else { throw error } }
        }
        let sight = PlaceSight(repository: before.repository, present: present, config: config)
        return PlaceMemory.doubt(about: sight, before: before, after: try memory(of: place))
    }
}

extension PlaceMemory {
    /// Nobody had a snapshot there.
    var isEmpty: Bool { entries.isEmpty && others == 0 }
}

extension EntryListing {
    /// Hex, of those that can be read and of those that are known to be damaged.
    var ids: Set<String> { Set(entries.map(\.id.hex) + lost.map(\.stored.id.hex)) }
}
