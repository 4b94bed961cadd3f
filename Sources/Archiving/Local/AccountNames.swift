import Glibc
import Synchronization

/// Names of users and groups by number, each asked of the system once; empty where the number has no name.
final class AccountNames: Sendable {
    private let users = Mutex<[UInt32: String]>([:])
    private let groups = Mutex<[UInt32: String]>([:])

    func user(_ uid: UInt32) -> String {
        users.withLock { known in
            if let name = known[uid] { return name }
            let name = Self.lookUp { buffer, size in
                var record = passwd()
                var found: UnsafeMutablePointer<passwd>?
                let status = getpwuid_r(uid, &record, buffer, size, &found)
                return (status, found == nil ? nil : record.pw_name)
            }
            known[uid] = name
            return name
        }
    }

    func group(_ gid: UInt32) -> String {
        groups.withLock { known in
            if let name = known[gid] { return name }
            let name = Self.lookUp { buffer, size in
                var record = Glibc.group()
                var found: UnsafeMutablePointer<Glibc.group>?
                let status = getgrgid_r(gid, &record, buffer, size, &found)
                return (status, found == nil ? nil : record.gr_name)
            }
            known[gid] = name
            return name
        }
    }

    /// Again with more room while the record does not fit.
    private static func lookUp(_ ask: (UnsafeMutablePointer<CChar>, Int) -> (Int32, UnsafeMutablePointer<CChar>?)) -> String {
        var size = 4 << 10
        while size <= 1 << 20 {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            let (status, name) = ask(buffer, size)
            if let name { return String(cString: name) }
            guard status == ERANGE else { return "" }
            size *= 4
        }
        return ""
    }
}
