import Archiving
import Glibc
import HostIO
import Model

/// The files of a scratch server.
struct ScratchData: Sendable {
    let place: ScratchPlace
    let store: String

    init(_ image: ImageTree, at place: ScratchPlace, store: String, host: Host, job: JobControl) throws {
        self.place = place
        self.store = store
        let restore = TreeRestore(image: image, destination: place.data, host: host, options: .init(isDurable: false))
        let done = try restore.apply(try restore.plan(job: job), job: job)
        if let issue = done.issues.first(where: { $0.kind != .metadata }) {
            throw Failure(.damaged, "store \(store): \(issue.path) in the image cannot be read", cause: issue.detail)
        }
        try place.takeOver()
        try place.configure(settings(of: image))
    }

    private func settings(of image: ImageTree) throws -> ScratchSettings {
        let facts = try place.process("pg_controldata", ["-D", place.dataInside]).run()
        let locks = facts.outputText.split(separator: "\n").first { $0.hasPrefix("max_locks_per_xact") }?.split(separator: " ").last
        let configured = try ["postgresql.conf", "postgresql.auto.conf"].flatMap { name in
            let bytes = try image.bytes(of: [name], limit: 4 << 20) ?? []
            return ServerConfiguration(String(decoding: bytes, as: UTF8.self)).names(in: "shared_preload_libraries")
        }
        return ScratchSettings(
            release: try place.programs.release(), locks: locks.flatMap { UInt32($0) } ?? 0, configured: configured,
            isInstalled: place.programs.hasLibrary)
    }

    /// The first superuser of a new one.
    static let user = "holdfast_scratch"

    init(emptyAt place: ScratchPlace, store: String, preloaded: [ScratchSettings.Preload] = []) throws {
        self.place = place
        self.store = store
        let outcome = try place.process(
            "initdb", ["-D", place.dataInside, "-U", Self.user, "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale"]
        ).run()
        guard outcome.succeeded else { throw failure("could not be made", outcome) }
        // It would take part whatever the configuration file is.
        try place.takeOver()
        var settings = ScratchSettings(release: try place.programs.release())
        settings.preloaded = preloaded
        try place.configure(settings)
    }

    /// Recovers in single-user mode, which needs no role, and gives the name of the first superuser.
    func recoverAlone() throws -> String {
        let question = Array("SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10\n".utf8)
        let outcome = try place.process("postgres", ["--single"] + place.arguments + ["template1"], input: question).run()
        let words = ByteText.text(outcome.output)
        let answer = words.ranges(of: "rolname = \"").first.map { words[$0.upperBound...] }
        guard outcome.succeeded, let name = answer?.ranges(of: "\"\t(typeid").first.flatMap({ end in answer.map { $0[..<end.lowerBound] } })
        else { throw failure("did not recover", outcome) }
        return String(name)
    }

    func remove() {
        try? removeTree(place.data)
        try? removeTree(place.socket)
    }

    /// Of a server that was to begin. One that somebody has killed says nothing about the image.
    func failure(_ what: String, _ outcome: ChildProcess.Outcome) -> Failure {
        if case .signalled(let signal) = outcome.ending, [SIGKILL, SIGTERM, SIGINT, SIGQUIT].contains(signal) { return ended(outcome) }
        return Failure(
            .damaged, "store \(store): a server on a copy of the image \(what)",
            hint: "the image may be damaged: make another snapshot, and see the server's log", cause: lastWords(outcome))
    }

    /// Of one that ended by itself. `failure`: what its end kept from being done.
    func ended(_ outcome: ChildProcess.Outcome, _ failure: Failure? = nil) -> Failure {
        Failure(
            .store, "store \(store): the server on a copy of the image \(outcome.ending.text)",
            hint: "run the command again; where that happens again, see whether memory ran out (dmesg)",
            cause: lastWords(outcome) ?? failure?.summary)
    }

    private func lastWords(_ outcome: ChildProcess.Outcome) -> String? {
        let lines = outcome.errorText.split(whereSeparator: \.isNewline)
        let grave = lines.filter { $0.contains("FATAL") || $0.contains("PANIC") || $0.contains("ERROR") }
        let words = (grave.isEmpty ? lines : grave).suffix(3).joined(separator: "; ")
        return words.isEmpty ? nil : printable(words, limit: 400)
    }
}
