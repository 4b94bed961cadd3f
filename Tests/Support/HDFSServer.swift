import Glibc
import HostIO
import Synchronization

/// A real HDFS on the loopback interface, kept by `scripts/hdfs-local`: one NameNode and some DataNodes on free ports. It ends with the
/// last reference, and in any case with this process.
package final class HDFSServer: Sendable {
    /// One with two DataNodes for all tests that break nothing; each of them works in a folder of its own (``scratch(_:)``).
    package static var shared: HDFSServer {
        get throws { try kept.get() }
    }

    private static let kept = Result { try HDFSServer(dataNodes: 2) }

    /// Of the file system's programs, data and logs.
    package let directory: String
    package let host = "127.0.0.1"
    /// Of the NameNode's HTTP.
    package let port: Int
    private let scratch: TemporaryDirectory
    private let keeper: Keeper
    private let folders = Atomic<Int>(0)

    /// `settings` are Hadoop's, as KEY=VALUE; `prepare` gets the folder of the configuration before the start. `port`: where it is
    /// needed for the settings.
    package init(
        dataNodes: Int, port wanted: Int? = nil, settings: [String] = [], prepare: (String) throws -> Void = { _ in }
    ) throws {
        let installation = try Self.installation.get()
        scratch = try TemporaryDirectory()
        directory = try scratch.folder("hdfs")
        for part in ["lib", "web"] { try run(["ln", "-s", Path.join(installation, part), Path.join(directory, part)]) }
        try makeDirectories(Path.join(directory, "conf"))
        try prepare(Path.join(directory, "conf"))
        keeper = try Keeper(of: directory, below: scratch.path)
        let options =
            ["--datanodes", "\(dataNodes)", "--port-base", wanted.map { "\($0)" } ?? "auto"] + settings.flatMap { ["--conf", $0] }
        try Self.script(["start", directory] + options)
        port = try Self.port(of: directory)
    }

    /// The Hadoop setting under which a DataNode has room for so many bytes: it keeps the rest of the file system that tests work on for others.
    package static func room(_ bytes: UInt64) throws -> String {
        let place = try TemporaryDirectory()
        let words = try run(["stat", "-f", "-c", "%S %b %f %a", place.path]).split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        guard words.count == 4 else { throw HDFSServerFailed("stat -f \(place.path): \(words)") }
        // What is root's alone (%f less %a) is neither free nor used to it.
        return "dfs.datanode.du.reserved=\(words[0] * (words[1] - (words[2] - words[3])) - bytes)"
    }

    // While its files, which tell its processes, are still there.
    deinit { keeper.end() }

    private static func port(of directory: String) throws -> Int {
        let settings = String(decoding: try AtomicFile.read(Path.join(directory, "settings")), as: UTF8.self)
        let line = settings.split(separator: "\n").first { $0.hasPrefix("PORT_BASE=") }
        guard let port = line.flatMap({ Int($0.dropFirst(10)) }) else { throw HDFSServerFailed("no PORT_BASE in \(settings)") }
        return port
    }

    /// `http://HOST:PORT`.
    package var web: String { "http://\(host):\(port)" }

    /// The port of the HTTP of DataNode 1, 2, ….
    package func dataNodePort(_ number: Int) -> Int { port + 10 * number }

    /// A path that no other call gives.
    package func folder(_ name: String = "test") -> String { "/\(name)-\(folders.add(1, ordering: .relaxed).newValue)" }

    package func killDataNode(_ number: Int) throws { try Self.script(["dn-kill", directory, "\(number)"]) }
    package func startDataNode(_ number: Int) throws { try Self.script(["dn-start", directory, "\(number)"]) }
    package func killNameNode() throws { try Self.script(["nn-kill", directory]) }

    /// Starts what does not run and waits until all of it serves.
    package func start() throws { try Self.script(["start", directory]) }

    /// `hdfs dfsadmin`; starts a virtual machine, which takes a second or two.
    @discardableResult
    package func admin(_ arguments: String...) throws -> String { try Self.script(["dfsadmin", directory] + arguments) }

    /// `hdfs haadmin` on the file system in `directory`, which may not serve yet.
    package static func highAvailability(_ directory: String, _ arguments: String...) throws {
        try script(["class", directory, "org.apache.hadoop.hdfs.tools.DFSHAAdmin"] + arguments)
    }

    /// The process of `nn`, `dn1`, ….
    package func processID(of name: String) throws -> Int32 {
        let text = String(decoding: try AtomicFile.read(Path.join(directory, "run/\(name).pid")), as: UTF8.self)
        guard let number = Int32(text.split(separator: "\n").first ?? "") else { throw HDFSServerFailed("no process \(name)") }
        return number
    }

    /// Lines of the NameNode's audit log that hold all of `words`.
    package func audit(_ words: String...) throws -> [String] {
        let log = String(decoding: try AtomicFile.read(Path.join(directory, "logs/nn.log"), limit: 1 << 30), as: UTF8.self)
        return log.split(separator: "\n").map(String.init).filter { line in
            line.contains("FSNamesystem.audit") && words.allSatisfy { line.contains($0) }
        }
    }

    // MARK: - The script

    private static let repository = Path.parent(Path.parent(Path.parent(#filePath)))

    /// Downloaded once for this checkout.
    private static let installation = Result {
        let place = Path.join(repository, ".build/hdfs")
        try script(["install", place], timeout: .seconds(600))
        return place
    }

    @discardableResult
    fileprivate static func script(_ arguments: [String], timeout: Duration = .seconds(150)) throws -> String {
        try run([Path.join(repository, "scripts/hdfs-local")] + arguments, timeout: timeout)
    }

    fileprivate static var program: String { Path.join(repository, "scripts/hdfs-local") }
}

package struct HDFSServerFailed: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

@discardableResult
private func run(_ arguments: [String], timeout: Duration = .seconds(20)) throws -> String {
    var environment = ChildProcess.minimalEnvironment
    for name in ["PATH", "JAVA", "JAVA_HOME"] { if let value = environmentValue(name) { environment[name] = value } }
    let outcome = try ChildProcess(arguments, environment: environment, timeout: timeout).run()
    guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    return outcome.outputText
}

/// A process that waits for the end of this one, however it ends, and then stops a file system and removes its files.
private final class Keeper: Sendable {
    private let process: String
    private let directory: String

    init(of directory: String, below folder: String) throws {
        self.directory = directory
        let line = """
            setsid bash -c 'tail --pid=$1 -f /dev/null; "$2" stop "$3"; rm -rf --one-file-system "$4"' keeper "$@" \
                </dev/null >/dev/null 2>&1 & echo $!
            """
        process = try run(["bash", "-c", line, "keeper", "\(getpid())", HDFSServer.program, directory, folder])
            .trimmingSuffix(while: \.isNewline)
    }

    /// The file system goes at once, and the process with it.
    func end() {
        _ = try? HDFSServer.script(["stop", directory])
        _ = try? run(["kill", "--", "-\(process)"])
    }
}

extension String {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return String(rest)
    }
}
