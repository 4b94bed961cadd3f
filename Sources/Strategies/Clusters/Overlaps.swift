import HostIO
import Model

/// A place that the cluster file or a command names.
package struct NamedPlace: Sendable {
    package enum Kind: Sendable { case store, state, storage, target, password, scratch }

    package var kind: Kind
    /// "the store up", "the storage".
    package var label: String
    /// A directory or file of this host, or an address in HDFS.
    package var path: String

    package init(_ kind: Kind, _ label: String, _ path: String) {
        self.kind = kind
        self.label = label
        self.path = path
    }
}

/// The rule that no place lies in another one where an image would hold itself, or a restore or deletion would destroy what brings the cluster back.
/// Judged by where the paths lead now, because links and mounts change.
package struct Overlaps {
    private let mounts: MountTable
    private let namespaces: (String) throws -> String?

    /// `namespaces` says which HDFS an address is in; nil when it cannot tell.
    init(_ mounts: MountTable, namespaces: @escaping (String) throws -> String?) {
        self.mounts = mounts
        self.namespaces = namespaces
    }

    /// Throws `refused` for the first two that lie in each other.
    func check(_ places: [NamedPlace]) throws(Failure) {
        let local = places.filter { $0.path.hasPrefix("/") }.map { (named: $0, real: RealPlace($0.path, mounts: mounts)) }
        let earlier = RealPlace.earlier(among: local.map(\.real))
        for (index, one) in local.enumerated() {
            for other in earlier[index].map({ local[$0] }) {
                guard let nesting = Nesting(one.real, other.real) else { continue }
                let (inner, outer) = nesting.inner.path == one.named.path ? (one.named, other.named) : (other.named, one.named)
                guard Self.isRefused(inner.kind, in: outer.kind, nesting) else { continue }
                throw refusal(inner, outer, nesting.isSame, nesting.way)
            }
        }
        try checkHDFS(places)
    }

    /// State and storage may hold each other. Targets are compared when they are added; a password and a scratch place are only in the way of what they
    /// lie in.
    private static func isRefused(_ inner: NamedPlace.Kind, in outer: NamedPlace.Kind, _ nesting: Nesting) -> Bool {
        switch (inner, outer) {
        case (.target, .target), (_, .password), (_, .scratch), (.password, .state), (.password, .storage), (.password, .target),
            (.scratch, .state):
            false
        case (.state, .storage), (.storage, .state): nesting.isSame
        default: true
        }
    }

    private func refusal(_ inner: NamedPlace, _ outer: NamedPlace, _ isSame: Bool, _ way: String?) -> Failure {
        let words =
            isSame
            ? "\(inner.label) (\(inner.path)) and \(outer.label) (\(outer.path)) are one directory"
            : "\(inner.label) (\(inner.path)) lies inside \(outer.label) (\(outer.path))"
        let target = inner.kind == .target || outer.kind == .target
        return Failure(
            .refused, "\(words)\(way.map { ": \($0)" } ?? ""); nothing was changed",
            hint: target
                ? "choose a directory on another disk or a share; a copy in what it is a copy of is lost with it"
                : "give each a place of its own, or take the link or mount away")
    }

    /// Of places in HDFS whose NameNodes have different names in the cluster file. Where those are the same, the file itself was refused.
    private func checkHDFS(_ places: [NamedPlace]) throws(Failure) {
        let remote = places.compactMap { place in (try? HDFSAddress(parsing: place.path)).map { (named: place, address: $0) } }
        guard remote.count > 1 else { return }
        for (index, one) in remote.enumerated() {
            for other in remote[..<index] where one.address.path.overlaps(other.address.path) {
                guard !Set(one.address.nameNodes).isDisjoint(with: other.address.nameNodes) || isOne(one.named, other.named) else {
                    continue
                }
                let isInner = one.address.path.description.utf8.count >= other.address.path.description.utf8.count
                let (inner, outer) = isInner ? (one, other) : (other, one)
                throw refusal(
                    inner.named, outer.named, inner.address.path == outer.address.path,
                    "\(inner.address.nameNodes[0]) and \(outer.address.nameNodes[0]) are one HDFS")
            }
        }
    }

    /// One that does not answer is told by whoever needs it.
    private func isOne(_ one: NamedPlace, _ other: NamedPlace) -> Bool {
        guard let first = try? namespaces(one.path), let second = try? namespaces(other.path) else { return false }
        return first == second
    }
}

extension HDFSPath {
    /// Whether one is the other, or lies in it.
    fileprivate func overlaps(_ other: HDFSPath) -> Bool {
        let (one, two) = (description, other.description)
        return one == two || PathText.isInside(one, two) || PathText.isInside(two, one)
    }
}

extension Cluster {
    /// Throws `refused` when stores, state, storage and targets lie in each other, as links and mounts are now. Cheap: called before whatever reads or
    /// changes them. `more`: places that a command names.
    package func checkOverlaps(with more: [NamedPlace] = []) throws {
        let targets = (try? targets()) ?? file.targets.map { TargetPlace(name: $0.name, path: $0.path) }
        let known = targets.map { NamedPlace(.target, "the target \($0.name)", $0.path) }
        let added = more.filter { place in place.kind != .target || !known.contains { $0.path == place.path } }
        try overlaps().check(ownPlaces + known + added)
    }

    /// Throws `exists` when a target that is known lies there, by whatever way.
    func checkIsNoTarget(_ path: String, besides name: String) throws {
        let mounts = try MountTable.read()
        let place = RealPlace(path, mounts: mounts)
        for target in try targets() where target.name != name {
            guard let nesting = Nesting(place, RealPlace(target.path, mounts: mounts)), nesting.isSame else { continue }
            throw Failure(
                .exists, "the target \(target.name) is there already: \(nesting.way ?? target.path)",
                hint: "holdfast target ls shows the targets")
        }
    }

    /// The same for what empties stores: no password may lie in one.
    func checkOverlapsBeforeDeletion() throws {
        try checkOverlaps()
        guard case .file(let password) = file.password else { return }
        let stores = ownPlaces.filter { $0.kind == .store }
        try overlaps().check([NamedPlace(.password, "the password file", password)] + stores)
    }

    private func overlaps() throws -> Overlaps {
        let (drivers, access, host) = (drivers, file.hdfs, host)
        return Overlaps(try MountTable.read()) { try drivers.namespace($0, access, host) }
    }

    /// Stores of servers that are reached by a connection lie nowhere on this host.
    private var ownPlaces: [NamedPlace] {
        file.stores.map { NamedPlace(.store, "the store \($0.name)", $0.path) }
            + [NamedPlace(.state, "the state", file.state), NamedPlace(.storage, "the storage", file.storage)]
    }
}
