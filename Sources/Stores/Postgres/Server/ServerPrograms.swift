import HostIO
import Model

/// PostgreSQL's own programs of one release.
struct ServerPrograms: Sendable {
    /// Absolute.
    let folder: String

    /// Where the cluster file says, where the server says, where Debian has them.
    static func find(_ access: PostgresAccess, told: String?, major: Int) throws -> ServerPrograms? {
        let places = [access.programs, told, "/usr/lib/postgresql/\(major)/bin"].compactMap { $0 }
        for place in places where try statusOfPath(Path.join(place, "postgres")) != nil { return ServerPrograms(folder: place) }
        return nil
    }

    func run(_ program: String, _ arguments: [String], outputLimit: Int = 1 << 20, timeout: Duration? = nil) throws -> ChildProcess.Outcome
    {
        try ChildProcess([Path.join(folder, program)] + arguments, timeout: timeout, outputLimit: outputLimit).run()
    }
}
