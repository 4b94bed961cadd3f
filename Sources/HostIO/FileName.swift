import Glibc

/// Names and paths as bytes, which is what POSIX has.
package enum FileName {
    /// Whether the bytes name an entry of a directory: not empty, `.` or `..`, without `/` and NUL. Length is the file system's matter.
    package static func isSound(_ name: [UInt8]) -> Bool {
        if name.isEmpty || name == [0x2E] || name == [0x2E, 0x2E] { return false }
        return !name.contains(0x2F) && !name.contains(0)
    }

    /// For people: bytes that are not UTF-8 are replaced.
    package static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    /// `folder/name` for people.
    static func join(_ folder: String, _ name: [UInt8]) -> String {
        folder.hasSuffix("/") ? folder + text(name) : "\(folder)/\(text(name))"
    }

    /// Runs `body` with the name as a C string; a name that is not sound throws EINVAL.
    @discardableResult
    static func withCString<Result>(
        _ name: [UInt8], _ operation: String, in folder: String, _ body: (UnsafePointer<CChar>) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        guard isSound(name) else { throw SystemError(EINVAL, operation, join(folder, name)) }
        return try terminated(name, body)
    }

    /// Runs `body` with the bytes and a NUL after them; the bytes themselves hold none.
    @discardableResult
    static func terminated<Result>(
        _ bytes: [UInt8], _ body: (UnsafePointer<CChar>) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let outcome = withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) {
            buffer -> Swift.Result<Result, SystemError> in
            for index in 0..<bytes.count { buffer[index] = CChar(bitPattern: bytes[index]) }
            buffer[bytes.count] = 0
            guard let start = buffer.baseAddress else { return .failure(SystemError(ENOMEM, "use", FileName.text(bytes))) }
            do throws(SystemError) { return .success(try body(start)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}

/// Absolute and relative paths as text, as configuration has them.
package enum Path {
    package static func join(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

    /// All but the last component: `/` for `/a`, `.` for `a`.
    package static func parent(_ path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : withoutTrailingSlashes(String(trimmed[..<slash]))
    }

    /// The last component; empty for `/`.
    package static func lastComponent(_ path: String) -> String {
        let trimmed = withoutTrailingSlashes(path)
        guard let slash = trimmed.lastIndex(of: "/") else { return trimmed }
        return String(trimmed[trimmed.index(after: slash)...])
    }

    /// Whether `path` is `folder` or lies below it, by text; both absolute and normalised.
    package static func isInside(_ path: String, _ folder: String) -> Bool {
        path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}

/// The working directory of the process.
package func workingDirectory() throws(SystemError) -> String {
    guard let pointer = getcwd(nil, 0) else { throw .last("find the working directory", ".") }
    defer { free(pointer) }
    return String(cString: pointer)
}
