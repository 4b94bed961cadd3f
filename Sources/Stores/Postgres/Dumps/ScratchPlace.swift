import Glibc
import HostIO
import Model

/// Where a scratch server works: its files, the directory of its socket with its settings, and the surroundings that it is shut into.
struct ScratchPlace: Sendable {
    static let port = 5432
    static let socketName = ".s.PGSQL.\(port)"
    private static let settingsName = "settings.conf"
    private static let accessName = "holdfast-access.conf"

    /// Of the data directory.
    let data: String
    /// Programs of this process reach the server through it.
    let socket: String
    let programs: ServerPrograms
    let containment: Containment
    /// Directories of libraries that are not the system's.
    private let libraries: [String]

    /// Makes both directories in `folder`; nothing of theirs is there yet.
    init(in folder: String, _ programs: ServerPrograms, _ namespaces: Containment.Namespaces) throws {
        data = Path.join(folder, "data")
        socket = Path.join(folder, "socket")
        self.programs = programs
        try makeDirectories(data)
        try makeDirectories(socket)
        var containment = Containment(namespaces)
        containment.places = [Containment.Place("data", at: data), Containment.Place("socket", at: socket)]
        let installation = try programs.installation()
        containment.readable = installation.all
        libraries = installation.libraries
        self.containment = containment
        try containment.give(data)
    }

    /// The way of programs to the server.
    var door: ScratchDoor { ScratchDoor(folder: socket, namespaces: containment.namespaces) }

    /// As the server sees them.
    var dataInside: String { containment.inside("data") }
    var socketInside: String { containment.inside("socket") }
    var arguments: [String] { ["-D", dataInside, "-c", "config_file=\(socketInside)/\(Self.settingsName)"] }

    /// A program that runs as the server does.
    func process(_ program: String, _ arguments: [String], input: [UInt8] = [], outputLimit: Int = 1 << 20) -> ChildProcess {
        var process = programs.process(program, arguments, input: input, outputLimit: outputLimit)
        process.environment = ServerPrograms.environmentInside(libraries)
        process.containment = containment
        return process
    }

    /// The settings are all that the server gets. They are written before its user may write beside them.
    func configure(_ settings: ScratchSettings) throws {
        let text = settings.text(socket: socketInside, access: "\(dataInside)/\(Self.accessName)")
        try AtomicFile.write(ByteText.bytes(text), to: Path.join(socket, Self.settingsName), mode: 0o644)
        // A server reads it after it has begun to listen, when the directory of the socket may be closed to it already.
        try AtomicFile.write(Array("local all all trust\n".utf8), to: Path.join(data, Self.accessName), mode: 0o644)
        try containment.give(socket)
    }

    /// Of an image: everything in it belongs to the server's user afterwards, and what would steer the server is gone.
    func takeOver() throws {
        for name in Self.steering { try removeTree(Path.join(data, name)) }
        if changesOwner { try giveContents(of: Descriptor.openDirectory(data), depth: 0) }
    }

    /// Settings of `ALTER SYSTEM` are read whatever the configuration file is; the others tell a server what it was doing.
    private static let steering = [
        "postgresql.auto.conf", "recovery.signal", "standby.signal", "tablespace_map", "postmaster.pid", "postmaster.opts",
    ]

    private var changesOwner: Bool { containment.account.uid != geteuid() }

    private static let deepest = 32

    private func giveContents(of folder: borrowing Descriptor, depth: Int) throws {
        guard depth < Self.deepest else {
            throw Failure(.damaged, "the image is not that of a data directory: its directories lie \(Self.deepest) deep")
        }
        try folder.setOwner(uid: containment.account.uid, gid: containment.account.gid)
        for entry in try folder.entries() {
            switch try folder.status(of: entry.name).kind {
            case .directory: try giveContents(of: folder.openDirectory(entry.name), depth: depth + 1)
            case .file, .symlink: try folder.setOwner(of: entry.name, uid: containment.account.uid, gid: containment.account.gid)
            default: try folder.remove(entry.name)
            }
        }
    }

    /// From here on the server's user can put nothing else in the place of its socket, and who connects meets the server and nobody else.
    func closeSocketDirectory() throws {
        let folder = try Descriptor.openDirectory(socket)
        if changesOwner {
            try folder.setOwner(uid: geteuid(), gid: getegid())
            // Programs that speak to the server are as shut in as it is.
            try folder.setMode(0o711)
        }
        guard try folder.statusIfPresent(of: Array(Self.socketName.utf8))?.kind == .socket else {
            throw Failure(.damaged, "the server on a copy of the image has put something else in the place of its socket")
        }
    }
}
