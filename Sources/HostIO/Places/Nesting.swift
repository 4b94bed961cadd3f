import Model

/// One place that lies in another, or is it.
package struct Nesting: Sendable {
    package var inner: RealPlace
    package var outer: RealPlace
    package var isSame: Bool
    /// Where the inner one is seen in the outer one, when a mount leads there: the path of it in the outer one's file system.
    private var view: String?

    /// Nil when neither lies in the other. Decided by device and inode of the directories above each, and by where the file system has them, so that
    /// neither symbolic links nor bind mounts nor subvolumes hide it.
    package init?(_ one: RealPlace, _ other: RealPlace) {
        guard let found = Self.inside(one, other) ?? Self.inside(other, one) else { return nil }
        self = found
    }

    private init(_ inner: RealPlace, in outer: RealPlace, isSame: Bool, view: String? = nil) {
        self.inner = inner
        self.outer = outer
        self.isSame = isSame
        self.view = view
    }

    private static func inside(_ inner: RealPlace, _ outer: RealPlace) -> Nesting? {
        byNode(inner, outer) ?? byPosition(inner, outer)
    }

    /// By what lies above.
    private static func byNode(_ inner: RealPlace, _ outer: RealPlace) -> Nesting? {
        guard let place = outer.lineage.first else { return nil }
        guard outer.missing.isEmpty else {
            // Both are still to be made: below one directory, one name in the other.
            guard inner.lineage.first == place, inner.missing.starts(with: outer.missing) else { return nil }
            return Nesting(inner, in: outer, isSame: inner.missing == outer.missing)
        }
        guard let depth = inner.lineage.firstIndex(of: place) else { return nil }
        let isSame = depth == 0 && inner.missing.isEmpty
        return Nesting(inner, in: outer, isSame: isSame, view: inner.view(in: outer))
    }

    /// By where file systems have them.
    private static func byPosition(_ inner: RealPlace, _ outer: RealPlace) -> Nesting? {
        guard let position = inner.position else { return nil }
        if let own = outer.position, position.isInside(own) {
            return Nesting(inner, in: outer, isSame: position == own, view: inner.view(in: outer))
        }
        guard let mount = outer.mounted.first(where: { position.isInside($0.root) }) else { return nil }
        return Nesting(inner, in: outer, isSame: false, view: position.seen(below: mount.root, at: mount.place))
    }

    /// By which way, where the paths do not show it: "/srv/b is /srv/up/deep, by a bind mount".
    package var way: String? {
        let links = [inner, outer].filter { $0.path != $0.real }.map { "\($0.path) leads to \($0.real), by a symbolic link" }
        var ways = links
        if !Path.isInside(inner.real, outer.real) { ways.append("\(inner.real) is \(view ?? "in \(outer.real)"), by a bind mount") }
        return ways.isEmpty ? nil : ways.joined(separator: "; ")
    }
}

extension RealPlace {
    /// For each place the earlier ones with which it may form a ``Nesting``, in ascending order.
    package static func earlier(among places: [RealPlace]) -> [[Int]] {
        var pairs = NestingPairs<Mark>()
        for place in places { pairs.add(own: place.ownMarks, above: place.marksAbove) }
        return pairs.earlier()
    }

    /// What ``Nesting`` goes by.
    private enum Mark: Hashable {
        /// A directory, with the names below it that are not there yet.
        case node(Node, [String])
        case position(MountPosition)
    }

    private var ownMarks: [Mark] {
        lineage.prefix(1).map { .node($0, missing) } + (position.map { [.position($0)] } ?? []) + mounted.map { .position($0.root) }
    }

    private var marksAbove: [Mark] {
        let nodes = lineage.map { Mark.node($0, []) }
        let names = lineage.prefix(1).flatMap { node in missing.indices.map { Mark.node(node, Array(missing[...$0])) } }
        let positions = position.map { position in
            PathText.lineage(of: position.path).map { Mark.position(MountPosition(device: position.device, path: $0)) }
        }
        return nodes + names + (positions ?? [])
    }

    /// The path at which the outer place has this one.
    fileprivate func view(in outer: RealPlace) -> String? {
        guard let position, let own = outer.position else { return nil }
        return position.seen(below: own, at: outer.real)
    }
}

extension MountPosition {
    fileprivate func seen(below root: MountPosition, at place: String) -> String? {
        guard isInside(root) else { return nil }
        let rest = path.dropFirst(root.path == "/" ? 1 : root.path.utf8.count + 1)
        return rest.isEmpty ? place : Path.join(place, String(rest))
    }
}
