import CHost
import Glibc
package import Model

/// Somebody else than the trusted users could change a file, or put another one in its place.
package struct Distrust: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case owner(UInt32)
        /// By whom it can be written.
        case written(everybody: Bool, group: Bool)
        /// A symbolic link that this user can have lead elsewhere.
        case link(UInt32)
    }

    /// The file, or a directory above it.
    package let place: String
    package let reason: Reason
    /// Who should own it.
    package let own: UInt32

    package init(_ place: String, _ reason: Reason, own: UInt32) {
        self.place = place
        self.reason = reason
        self.own = own
    }

    /// "/srv/x can be written by everybody".
    package var text: String {
        switch reason {
        case .owner(let user): "\(place) belongs to the user \(userName(of: user))"
        case .written(let everybody, _): "\(place) can be written by \(everybody ? "everybody" : "its group")"
        case .link(let user): "\(place) is a symbolic link that the user \(userName(of: user)) can change"
        }
    }

    /// A command.
    package var remedy: String {
        switch reason {
        case .owner: "chown \(userName(of: own)) \(shellWord(place))"
        case .written(let everybody, let group): "chmod \(group ? "g" : "")\(everybody ? "o" : "")-w \(shellWord(place))"
        case .link: "write the place that it leads to into the cluster file, as readlink -f \(shellWord(place)) shows it"
        }
    }

    /// `what`: "the cluster file /etc/acme.yaml".
    package func failure(_ code: FailureCode, _ what: String) -> Failure {
        var hint = remedy
        if own == 0, case .owner(let user) = reason { hint += ", or run it as that user: runuser -u \(userName(of: user)) -- holdfast …" }
        return Failure(code, "\(what) is not used, because others could change it: \(text)", hint: hint)
    }
}

/// The way to a path, through symbolic links, seen by who could change where it leads.
package struct TrustedWay: Sendable {
    /// Without symbolic links; also of a path at which nothing is yet.
    package let real: String
    /// Nil when nobody but the trusted users could.
    package let distrust: Distrust?

    private static let mostLinks = 40

    /// Costs two system calls a component. Ends at what cannot be looked at: whoever opens it hears why.
    package init(_ path: String, _ users: TrustedUsers) {
        var pending: [String] = Self.names(path).reversed()
        var (place, links) = ("/", 0)
        guard var folder = Self.look("/") else {
            (real, distrust) = (path, nil)
            return
        }
        while let name = pending.popLast() {
            if name == "." { continue }
            let next = name == ".." ? Path.parent(place) : Path.join(place, name)
            guard let status = Self.look(next) else {
                (real, distrust) = (pending.reversed().reduce(next, Path.join), nil)
                return
            }
            if let found = Self.judge(status, next, in: folder, isLast: pending.isEmpty, users) {
                (real, distrust) = (next, found)
                return
            }
            guard status.kind == .symlink else {
                (place, folder) = (next, status)
                continue
            }
            links += 1
            guard links <= Self.mostLinks, !Self.isMadeUp(place), let target = Self.target(next) else {
                (real, distrust) = (next, nil)
                return
            }
            pending += Self.names(target).reversed()
            guard target.hasPrefix("/"), let root = Self.look("/") else { continue }
            (place, folder) = ("/", root)
        }
        (real, distrust) = (place, nil)
    }

    /// Whose the deepest part of a path is that is there; a symbolic link itself is meant.
    package static func owner(of path: String) -> UInt32? {
        var path = path
        while true {
            if let status = look(path) { return status.uid }
            guard path != "/", path != "." else { return nil }
            path = Path.parent(path)
        }
    }

    static func judge(_ status: FileStatus, _ place: String, in folder: FileStatus, isLast: Bool, _ users: TrustedUsers) -> Distrust? {
        // In a directory that everybody may write to, its owner aside, anybody could have made it first.
        let isShared = folder.permissions & 0o1000 != 0 && folder.permissions & 0o022 != 0
        guard isShared ? users.isOwn(status.uid) : users.includes(status.uid) else {
            return Distrust(place, .owner(status.uid), own: users.own)
        }
        if status.kind == .symlink {
            guard let other = [status.uid, folder.uid].first(where: { !users.isOwn($0) }) else { return nil }
            return Distrust(place, .link(other), own: users.own)
        }
        if status.kind == .directory, status.permissions & 0o1000 != 0, !isLast { return nil }
        let everybody = status.permissions & 0o002 != 0
        let group = status.permissions & 0o020 != 0 && !isOwnersOnly(status, place)
        return everybody || group ? Distrust(place, .written(everybody: everybody, group: group), own: users.own) : nil
    }

    /// Whether nobody but the owner is in the group, and no list of access lets others write.
    private static func isOwnersOnly(_ status: FileStatus, _ place: String) -> Bool {
        PrivateGroup.isPrivate(status.gid, of: status.uid) && !hasAccessList(place)
    }

    private static func hasAccessList(_ place: String) -> Bool {
        let name = Array(Path.lastComponent(place).utf8)
        let list = try? Descriptor.openDirectory(Path.parent(place)).attribute(Array("system.posix_acl_access".utf8), of: name)
        return list.map { !$0.isEmpty } ?? false
    }

    private static func names(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

    private static func look(_ path: String) -> FileStatus? {
        var status = stat()
        guard !path.utf8.contains(0), lstat(path, &status) == 0 else { return nil }
        return FileStatus(status)
    }

    private static func target(_ link: String) -> String? {
        (try? Descriptor.openDirectory(Path.parent(link)).readSymlink(Array(Path.lastComponent(link).utf8))).map(FileName.text)
    }

    /// The links of /proc lead to what is open, not to a name.
    private static func isMadeUp(_ folder: String) -> Bool {
        guard let opened = try? Descriptor.openDirectory(folder) else { return false }
        return KernelFileSystem.name(magic: holdfast_file_system_magic(opened.raw)) != nil
    }
}

extension Descriptor {
    /// Opens a directory by an absolute path without symbolic links, such as ``TrustedWay/real``: ENOTDIR when one has been put there since.
    package static func openDirectory(withoutLinks path: String) throws(SystemError) -> Descriptor {
        var folder = try open("/", [.place, .directory])
        for name in path.split(separator: "/") { folder = try folder.open(Array(name.utf8), [.place, .directory]) }
        return try folder.reopenDirectory()
    }
}
