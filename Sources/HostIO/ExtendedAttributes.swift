import CHost
import Glibc

/// xattr(7). Names are bytes with their namespace (`user.comment`); ACLs are `system.posix_acl_access` and `…_default`.
extension Descriptor {
    /// Names in the file system's order; none where the file system has no attributes.
    package borrowing func attributeNames() throws(SystemError) -> [[UInt8]] {
        let raw = raw
        return try Attributes.names(path) { holdfast_flistxattr(raw, $0, $1) }
    }

    /// nil when it is gone.
    package borrowing func attribute(_ name: [UInt8]) throws(SystemError) -> [UInt8]? {
        let raw = raw
        return try Attributes.value(path, name) { holdfast_fgetxattr(raw, $0, $1, $2) }
    }

    package borrowing func setAttribute(_ name: [UInt8], _ value: [UInt8]) throws(SystemError) {
        let raw = raw
        try Attributes.change("set attribute of", path, name) { text in
            value.withUnsafeBytes { holdfast_fsetxattr(raw, text, $0.baseAddress, $0.count) }
        }
    }

    /// One that is not there is not an error.
    package borrowing func removeAttribute(_ name: [UInt8]) throws(SystemError) {
        let raw = raw
        try Attributes.remove(path, name) { holdfast_fremovexattr(raw, $0) }
    }
}

/// The same for an entry of this directory, without following a symlink and without opening it (so for fifos and devices too).
extension Descriptor {
    package borrowing func attributeNames(of name: [UInt8]) throws(SystemError) -> [[UInt8]] {
        try Attributes.at(self, name) { place, path throws(SystemError) in
            try Attributes.names(path) { holdfast_llistxattr(place, $0, $1) }
        }
    }

    package borrowing func attribute(_ attribute: [UInt8], of name: [UInt8]) throws(SystemError) -> [UInt8]? {
        try Attributes.at(self, name) { place, path throws(SystemError) in
            try Attributes.value(path, attribute) { holdfast_lgetxattr(place, $0, $1, $2) }
        }
    }

    package borrowing func setAttribute(_ attribute: [UInt8], _ value: [UInt8], of name: [UInt8]) throws(SystemError) {
        try Attributes.at(self, name) { place, path throws(SystemError) in
            try Attributes.change("set attribute of", path, attribute) { text in
                value.withUnsafeBytes { holdfast_lsetxattr(place, text, $0.baseAddress, $0.count) }
            }
        }
    }

    package borrowing func removeAttribute(_ attribute: [UInt8], of name: [UInt8]) throws(SystemError) {
        try Attributes.at(self, name) { place, path throws(SystemError) in
            try Attributes.remove(path, attribute) { holdfast_lremovexattr(place, $0) }
        }
    }
}

private enum Attributes {
    /// `/proc/self/fd/N/name` is the entry of the open directory N, whatever its path has become.
    static func at<Result>(
        _ folder: borrowing Descriptor, _ name: [UInt8], _ body: (UnsafePointer<CChar>, String) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let whole = FileName.join(folder.path, name)
        guard FileName.isSound(name) else { throw SystemError(EINVAL, "use attributes of", whole) }
        let place = Array("/proc/self/fd/\(folder.raw)/".utf8) + name
        return try FileName.terminated(place) { text throws(SystemError) in try body(text, whole) }
    }

    static func names(_ path: String, _ list: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws(SystemError) -> [[UInt8]] {
        do {
            return try grown("list attributes of", path, list).split(separator: 0).map(Array.init)
        } catch {
            if error.errno == EOPNOTSUPP { return [] }
            throw error
        }
    }

    static func value(
        _ path: String, _ name: [UInt8], _ get: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(SystemError) -> [UInt8]? {
        guard !name.contains(0) else { throw SystemError(EINVAL, "read attribute of", path) }
        do {
            return try FileName.terminated(name) { text throws(SystemError) in
                try grown("read attribute of", path) { get(text, UnsafeMutableRawPointer($0), $1) }
            }
        } catch {
            if error.errno == ENODATA || error.errno == EOPNOTSUPP { return nil }
            throw error
        }
    }

    static func change(
        _ operation: String, _ path: String, _ name: [UInt8], _ call: (UnsafePointer<CChar>) -> Int32
    ) throws(SystemError) {
        guard !name.contains(0) else { throw SystemError(EINVAL, operation, path) }
        try FileName.terminated(name) { text throws(SystemError) in try checked(operation, path) { call(text) } }
    }

    static func remove(_ path: String, _ name: [UInt8], _ call: (UnsafePointer<CChar>) -> Int32) throws(SystemError) {
        do { try change("remove attribute of", path, name, call) } catch { if error.errno != ENODATA { throw error } }
    }

    /// Asks with a guess, then with the size that the kernel names, again while it grows.
    private static func grown(
        _ operation: String, _ path: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(SystemError) -> [UInt8] {
        var capacity = 256
        while true {
            var bytes = [UInt8](repeating: 0, count: capacity)
            do {
                let count = try checked(operation, path) {
                    bytes.withUnsafeMutableBytes { call($0.bindMemory(to: CChar.self).baseAddress, capacity) }
                }
                return Array(bytes[..<count])
            } catch {
                guard error.errno == ERANGE else { throw error }
                capacity = max(try checked(operation, path) { call(nil, 0) }, capacity) + 256
            }
        }
    }
}
