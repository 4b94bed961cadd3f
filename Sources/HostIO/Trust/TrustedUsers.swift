import Glibc

/// The users who may have a hand in what this process obeys or keeps: root, its own, and perhaps one more.
package struct TrustedUsers: Hashable, Sendable {
    package var own: UInt32
    /// The user whose the cluster's state is, where root works in it.
    package var further: UInt32?
    /// In a user namespace the number that stands for all users whom it does not know (user_namespaces(7)): nobody in it can be one of them, root of the
    /// host is.
    package var unknown: UInt32?

    package init(own: UInt32, further: UInt32? = nil, unknown: UInt32? = nil) {
        self.own = own
        self.further = further
        self.unknown = unknown
    }

    /// Those of this process.
    package static func present(and further: UInt32? = nil) -> TrustedUsers {
        TrustedUsers(own: geteuid(), further: further, unknown: unmapped)
    }

    /// Root and the process itself.
    func isOwn(_ user: UInt32) -> Bool { user == 0 || user == own || user == unknown }

    func includes(_ user: UInt32) -> Bool { isOwn(user) || user == further }

    private static let unmapped: UInt32? = {
        func numbers(_ path: String) -> [[UInt32]] {
            let text = String(decoding: (try? AtomicFile.read(path, limit: 1 << 16)) ?? [], as: UTF8.self)
            return text.split(separator: "\n").map { $0.split(separator: " ").compactMap { UInt32($0) } }
        }
        guard let overflow = numbers("/proc/sys/kernel/overflowuid").first?.first else { return nil }
        let maps = numbers("/proc/self/uid_map").filter { $0.count == 3 }
        let isMapped = maps.isEmpty || maps.contains { $0[0] <= overflow && overflow - $0[0] < $0[2] }
        return isMapped ? nil : overflow
    }()
}

/// Of a group that its mode lets write: whether that is nobody but the owner.
enum PrivateGroup {
    /// The owner's own group, of the same name and without other members, as systems make one for each user.
    static func isPrivate(_ group: UInt32, of user: UInt32) -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64 << 10) { buffer in
            guard let start = buffer.baseAddress else { return false }
            var person = passwd()
            var foundPerson: UnsafeMutablePointer<passwd>?
            guard getpwuid_r(user, &person, start, buffer.count, &foundPerson) == 0, foundPerson != nil, person.pw_gid == group,
                let name = person.pw_name.map({ String(cString: $0) })
            else { return false }
            var record = Glibc.group()
            var foundGroup: UnsafeMutablePointer<Glibc.group>?
            guard getgrgid_r(group, &record, start, buffer.count, &foundGroup) == 0, foundGroup != nil,
                record.gr_name.map({ String(cString: $0) }) == name
            else { return false }
            return members(of: record).allSatisfy { $0 == name }
        }
    }

    private static func members(of record: Glibc.group) -> [String] {
        guard var member = record.gr_mem else { return [] }
        var names: [String] = []
        while let name = member.pointee {
            names.append(String(cString: name))
            member += 1
        }
        return names
    }
}
