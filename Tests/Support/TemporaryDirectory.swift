package import HostIO

/// A directory for one test, removed with all in it when the last reference goes. On disk (below `TMPDIR` or `/tmp`).
package final class TemporaryDirectory: Sendable {
    private let scratch: ScratchDirectory
    package let path: String

    package init(in parent: String? = nil) throws {
        _ = Self.swept
        scratch = try ScratchDirectory(in: parent ?? Self.base)
        path = scratch.path
    }

    /// Earlier runs may have been killed.
    private static let swept = try? ScratchDirectory.sweep(base)

    private static var base: String { Path.join(environmentValue("TMPDIR") ?? "/tmp", "holdfast-tests") }

    /// In memory where there is a /dev/shm: for tests that make thousands of small durable writes and do not test the disk.
    package static func inMemory() throws -> TemporaryDirectory {
        let memory = "/dev/shm"
        let isThere = (try? statusOfPath(memory))?.kind == .directory
        return try TemporaryDirectory(in: isThere ? Path.join(memory, "holdfast-tests") : nil)
    }

    package func file(_ name: String) -> String { Path.join(path, name) }

    /// The directory, open.
    package func open() throws(SystemError) -> Descriptor { try Descriptor.openDirectory(path) }

    /// Makes a directory below it and gives its path.
    package func folder(_ name: String) throws(SystemError) -> String {
        try makeDirectories(file(name))
        return file(name)
    }
}
