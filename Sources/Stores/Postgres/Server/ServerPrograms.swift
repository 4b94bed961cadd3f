import Glibc
import HostIO
import Model
import Synchronization

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

    /// Throws `store` when they are not there.
    static func require(_ access: PostgresAccess, told: String?, release: String, store: String) throws -> ServerPrograms {
        if let programs = try Int(release).flatMap({ try find(access, told: told, major: $0) }) { return programs }
        throw Failure(
            .store, "store \(store): the programs of PostgreSQL \(release) are not there",
            hint: "install postgresql-\(release), or say where they are: programs: /path/to/bin")
    }

    /// Of whatever release, the newest: its server loads the dumps of all before it.
    static func newest(_ access: PostgresAccess, store: String) throws -> ServerPrograms {
        let folder = "/usr/lib/postgresql"
        let names = try statusOfPath(folder) == nil ? [] : try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }
        for major in names.compactMap({ Int($0) }).sorted(by: >) {
            if let programs = try find(access, told: nil, major: major) { return programs }
        }
        return try require(access, told: nil, release: "15", store: store)
    }

    /// What is written is durable with the next session that commits without this, not before.
    static let relaxed = " -c synchronous_commit=off"

    /// With the rights of this process, for a server of the operator's: its address, its certificates and passwords are where the operator has them.
    /// `settings`: of its sessions (`PGOPTIONS`).
    func process(
        _ program: String, _ arguments: [String], input: [UInt8] = [], settings: String = SessionSettings.text(SessionSettings.common),
        outputLimit: Int = 1 << 20
    ) -> ChildProcess {
        var environment = ChildProcess.minimalEnvironment
        environment["PGOPTIONS"] = settings
        var process = ChildProcess(
            [Path.join(folder, program)] + arguments, environment: environment, input: input, outputLimit: outputLimit)
        process.bytesOfArgument = { ByteText.bytes($0) }
        return process
    }

    private static let installations = Mutex<[String: (all: [String], libraries: [String])]>([:])

    /// The directories in which these programs, their files and their libraries lie, those with libraries by themselves; none for programs of the system.
    func installation() throws -> (all: [String], libraries: [String]) {
        guard !Path.isInside(folder, "/usr") else { return ([], []) }
        if let known = Self.installations.withLock({ $0[folder] }) { return known }
        var libraries = [Path.join(Path.parent(folder), "lib")].filter { (try? statusOfPath($0)) != nil }
        // What the programs find beside themselves they find through /proc, which not everybody sees.
        let outcome = try ChildProcess(["ldd"] + ["postgres", "initdb", "pg_dump"].map { Path.join(folder, $0) }).run()
        for line in outcome.outputText.split(separator: "\n") {
            guard let start = line.ranges(of: " => /").first, let end = line.ranges(of: " (0x").last else { continue }
            let place = Path.parent(
                PathText.normalise(String(line[line.index(before: start.upperBound)..<end.lowerBound]), relativeTo: "/"))
            let isOfSystem = ["/usr", "/lib", "/lib32", "/lib64"].contains { Path.isInside(place, $0) }
            if !isOfSystem, !libraries.contains(place) { libraries.append(place) }
        }
        let found = (all: [Path.parent(folder)] + libraries.filter { !Path.isInside($0, Path.parent(folder)) }, libraries: libraries)
        Self.installations.withLock { $0[folder] = found }
        return found
    }

    /// As the programs themselves say: 15.
    func release() throws -> Int {
        let outcome = try process("postgres", ["--version"]).run()
        guard let word = outcome.outputText.split(separator: " ").first(where: { $0.first?.isNumber == true }),
            let release = Int(word.prefix { $0.isNumber })
        else { throw Failure(.store, "\(folder)/postgres does not say which release it is", cause: printableLines(outcome.errorText)) }
        return release
    }

    /// The same for a program that speaks to a server of the operator's. It is asked to end with the thread that runs it, also when nobody is left to ask:
    /// `pg_dump` and `pg_restore` then have the server end what their sessions do.
    func client(_ program: String, _ arguments: [String], input: [UInt8] = [], settings: String, outputLimit: Int = 1 << 20) -> ChildProcess
    {
        var process = process(program, arguments, input: input, settings: settings, outputLimit: outputLimit)
        process.arguments = Self.endingWithUs + process.arguments
        return process
    }

    static let endingWithUs = ["setpriv", "--pdeathsig=TERM", "--"]

    /// What a program says of why it failed: from its first error on, without warnings of the server before it.
    static func words(of program: String, _ outcome: ChildProcess.Outcome) -> String {
        let lines = ByteText.text(outcome.errors).split(whereSeparator: \.isNewline)
        let errors = lines.drop { !$0.hasPrefix("\(program): error:") }
        return printableLines((errors.isEmpty ? lines[...] : errors).joined(separator: "\n"), limit: 600)
    }

    /// Whether the server finds a library of that name among its own.
    func hasLibrary(_ name: String) -> Bool {
        let places = ["../lib", "../lib/postgresql", "../lib64", "../lib64/pgsql"]
        return places.contains { (try? statusOfPath("\(folder)/\($0)/\(name).so")) != nil }
    }

}
