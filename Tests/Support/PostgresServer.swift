package import Archiving
import Glibc
import HostIO
package import Model
import Synchronization

/// A real PostgreSQL server of Debian's `postgresql-15`, or of a later release, on a Unix socket of its own, without TCP. It ends with the last
/// reference, and in any case with this process. Where the tests run as root it runs as the user `postgres`, because a server refuses to be root's.
package final class PostgresServer: Sendable {
    package enum Release: Int, Sendable, CustomStringConvertible {
        case debian15 = 15, seventeen = 17, eighteen = 18

        package var description: String { "PostgreSQL \(rawValue)" }
    }

    private static let debianPrograms = "/usr/lib/postgresql/15/bin"
    package static let isInstalled = TestSupport.isInstalled("\(debianPrograms)/postgres", package: "postgresql-15")

    /// The directory of its programs.
    package let programs: String
    /// Owned by the server's user: data directory, socket, log, and room for more.
    package let home: String
    package let data: String
    /// More of the server's.
    private let options: String
    private let keeper: Keeper
    private static let port = 5432

    /// Made and started. `settings` are lines of its configuration.
    package init(
        _ release: Release = .debian15, settings: [String] = [], in parent: String? = nil, isSubvolume: Bool = false
    ) throws {
        options = ""
        let template = try Self.template(release)
        programs = template.programs
        home = try Self.makeHome(in: parent ?? environmentValue("TMPDIR") ?? "/tmp")
        data = Path.join(home, "data")
        keeper = try Keeper(of: data, below: home)
        if isSubvolume {
            try run(["btrfs", "subvolume", "create", data])
            try run(["chmod", "700", data])
            try run(Self.owner.isEmpty ? ["true"] : ["chown", "postgres:", data])
            try run(["cp", "-a", "\(template.data)/.", data])
        } else {
            try run(["cp", "-a", template.data, data])
        }
        let configuration = Path.join(data, "postgresql.conf")
        let before = try AtomicFile.read(configuration, limit: 1 << 20)
        let file = try Descriptor.open(configuration, .write)
        try file.write(before + Array((settings.joined(separator: "\n") + "\n").utf8))
        try start()
    }

    /// Started on nothing but the files of an image, as whoever restores them without Holdfast does.
    package init(restoring image: ImageTree, options: String = "") throws {
        self.options = options
        programs = Self.debianPrograms
        home = try Self.makeHome(in: environmentValue("TMPDIR") ?? "/tmp")
        data = Path.join(home, "data")
        keeper = try Keeper(of: data, below: home)
        let restore = TreeRestore(image: image, destination: data, host: .forTests())
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        try start()
    }

    // While its files, which tell its process, are still there.
    deinit { keeper.end() }

    // MARK: Running

    /// What a cluster file says.
    package var connection: String { "host=\(home) port=\(Self.port) user=postgres dbname=postgres" }
    package var service: ServiceCommands {
        ServiceCommands(stop: command("stop", "-m fast"), start: command("start"), timeoutMilliseconds: 60_000)
    }

    /// Waits until it serves.
    package func start() throws { try run(["/bin/sh", "-c", service.start]) }
    package func stop() throws { try run(["/bin/sh", "-c", service.stop]) }

    /// The server and all its processes, at once, as a loss of power would.
    package func kill() throws {
        try run(["/bin/sh", "-c", command("stop", "-m immediate")])
    }

    package var isRunning: Bool { (try? run(["/bin/sh", "-c", command("status")])) != nil }

    package func log() throws -> String {
        String(decoding: try AtomicFile.read(Path.join(home, "server.log"), limit: 1 << 26), as: UTF8.self)
    }

    private func command(_ verb: String, _ more: String = "") -> String {
        let log = verb == "start" ? "-l \(home)/server.log -o '-F -k \(home) \(options)'" : ""
        return (Self.owner + ["\(programs)/pg_ctl", verb, "-D", data, "-w -t 60 -s", log, more]).joined(separator: " ")
    }

    /// A program of PostgreSQL with this server as the one it speaks to; gives what it prints.
    @discardableResult
    package func program(_ name: String, _ arguments: [String], timeout: Duration = .seconds(120)) throws -> String {
        String(decoding: try output(of: name, arguments, timeout: timeout), as: UTF8.self)
    }

    /// The same as bytes, which need not be text.
    package func output(of name: String, _ arguments: [String], timeout: Duration = .seconds(120)) throws -> [UInt8] {
        try runForOutput(["\(programs)/\(name)", "-h", home, "-p", "\(Self.port)", "-U", "postgres"] + arguments, timeout: timeout)
    }

    /// Rows of `database`, a line each.
    @discardableResult
    package func sql(_ text: String, in database: String = "postgres") throws -> String {
        try program("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text])
    }

    /// A directory that belongs to the server's user.
    package func folder(_ name: String) throws -> String {
        let path = Path.join(home, name)
        try run(Self.owner + ["mkdir", "-p", path])
        return path
    }

    // MARK: Making

    private static let owner = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []

    private static func makeHome(in parent: String) throws -> String {
        let path = try run(["mktemp", "-d", "-p", parent]).trimmingNewline()
        try run(owner.isEmpty ? ["chmod", "755", path] : ["chown", "postgres:", path])
        try run(["chmod", "755", path])
        return path
    }

    private struct Template {
        var programs: String
        var data: String
        let keeper: Keeper
    }

    /// A data directory as `initdb` makes it, for all servers of a release and this process.
    private static func template(_ release: Release) throws -> Template {
        try templates.withLock { templates in
            if let known = templates[release] { return known }
            let made = try makeTemplate(release)
            templates[release] = made
            return made
        }
    }

    private static let templates = Mutex<[Release: Template]>([:])

    private static func makeTemplate(_ release: Release) throws -> Template {
        let home = try makeHome(in: environmentValue("TMPDIR") ?? "/tmp")
        let keeper = try Keeper(of: "", below: home)
        let programs = try programs(of: release, in: home)
        let path = Path.join(home, "template")
        try run(
            owner + [
                "\(programs)/initdb", "-D", path, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale",
                "--data-checksums",
            ])
        let lines = ["listen_addresses = ''", "port = \(port)", "autovacuum = off", "max_connections = 30"]
        let configuration = Path.join(path, "postgresql.conf")
        let before = try AtomicFile.read(configuration, limit: 1 << 20)
        let file = try Descriptor.open(configuration, .write)
        try file.write(before + Array((lines.joined(separator: "\n") + "\n").utf8))
        return Template(programs: programs, data: path, keeper: keeper)
    }

    private static let repository = Path.parent(Path.parent(Path.parent(#filePath)))

    /// Those of a later release are copied to where the server's user may run them.
    private static func programs(of release: Release, in home: String) throws -> String {
        guard release != .debian15 else { return debianPrograms }
        let folder = try run(
            [
                Path.join(repository, "scripts/postgres-release"), "\(release.rawValue)",
                Path.join(repository, ".build/postgres/\(release.rawValue)"),
            ],
            timeout: .seconds(300)
        ).trimmingNewline()
        // With the libraries that stand beside them.
        let wheel = Path.parent(Path.parent(Path.parent(folder)))
        try run(["cp", "-a", "--reflink=auto", wheel, Path.join(home, "programs")])
        try run(["chmod", "-R", "a+rX", Path.join(home, "programs")])
        return Path.join(home, "programs") + folder.dropFirst(wheel.count)
    }
}

@discardableResult
private func run(_ arguments: [String], timeout: Duration = .seconds(90)) throws -> String {
    String(decoding: try runForOutput(arguments, timeout: timeout), as: UTF8.self)
}

private func runForOutput(_ arguments: [String], timeout: Duration) throws -> [UInt8] {
    let outcome = try ChildProcess(arguments, timeout: timeout, outputLimit: 1 << 26).run()
    guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    return outcome.output
}

/// A process that waits for the end of this one, however it ends, then kills a server by its number and removes its files.
private final class Keeper: Sendable {
    private static let end = """
        pid=$(head -n1 "$1/postmaster.pid" 2>/dev/null)
        [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1" ] && kill -QUIT "$pid" && tail --pid="$pid" -f /dev/null
        btrfs subvolume delete "$1" >/dev/null 2>&1
        rm -rf --one-file-system "$2"
        """
    private let process: String
    private let data: String
    private let folder: String

    init(of data: String, below folder: String) throws {
        self.data = data
        self.folder = folder
        let line = """
            setsid bash -c 'tail --pid=$3 -f /dev/null; eval "$4"' keeper "$1" "$2" "$3" "$4" </dev/null >/dev/null 2>&1 & echo $!
            """
        process = try run(["bash", "-c", line, "keeper", data, folder, "\(getpid())", Self.end]).trimmingNewline()
    }

    /// The server goes at once, and the process with it.
    func end() {
        _ = try? run(["bash", "-c", Self.end, "end", data, folder])
        _ = try? run(["kill", "--", "-\(process)"])
    }
}

extension String {
    fileprivate func trimmingNewline() -> String { String(prefix { !$0.isNewline }) }
}
