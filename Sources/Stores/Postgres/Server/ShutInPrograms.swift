import Glibc
import HostIO
import Model

/// The way of programs that are shut in to a scratch server, or to a tap before it: the directory of a socket, the first place that they get.
struct ScratchDoor: Sendable {
    /// On the host.
    var folder: String
    let namespaces: Containment.Namespaces

    fileprivate var place: Containment.Place { Containment.Place("socket", at: folder, .reading) }

    /// Where programs find the directory.
    var inside: String {
        var containment = Containment(namespaces)
        containment.places = [place]
        return containment.inside(place.name)
    }

    /// Lets them enter and connect. Nobody else comes as far: the directory lies in one that is closed to all.
    func open(_ socket: String) throws(SystemError) {
        let folder = try Descriptor.openDirectory(folder)
        try folder.setMode(of: Array(socket.utf8), 0o666)
        try folder.setMode(0o711)
    }
}

/// A directory that a program works on: a dump, a log.
struct ProgramFolder: Sendable {
    /// On the host.
    let path: String
    let access: Containment.Place.Access

    init(_ path: String, _ access: Containment.Place.Access = .reading) { (self.path, self.access) = (path, access) }

    fileprivate var place: Containment.Place { Containment.Place("dump", at: path, access) }

    /// Who works on it: the user of scratch servers where that user may enter it, else its owner, who is shut in as well.
    func account(_ namespaces: Containment.Namespaces) throws -> Containment.Account {
        let scratch = Containment(namespaces).account
        let status = try Descriptor.openDirectory(path).status()
        if geteuid() != 0 || status.uid == scratch.uid || status.permissions & 0o005 == 0o005 { return scratch }
        return Containment.Account(uid: status.uid, gid: status.gid)
    }
}

/// Where a program finds what it works on.
struct ProgramView: Sendable {
    /// Its ``ProgramFolder``.
    var folder: String
    /// Its standard input, as a file.
    var input: String
}

extension ServerPrograms {
    /// A program that reads what others have written, or speaks to a server on it, shut in as such a server is (``Containment``): it sees the system, the
    /// socket behind `door` and `folder`, has no rights and no network, and ends with the thread that runs it.
    ///
    /// `input` is text. A `script` of bash gets the path of the program and its arguments. `settings`: of its sessions (`PGOPTIONS`).
    func shutIn(
        _ program: String, at door: ScratchDoor? = nil, on folder: ProgramFolder? = nil, script: String? = nil, input: [UInt8] = [],
        settings: String = SessionSettings.text(SessionSettings.common), outputLimit: Int = 1 << 20, _ arguments: (ProgramView) -> [String]
    ) throws -> ChildProcess {
        let namespaces = door?.namespaces ?? Containment.possible
        let installation = try installation()
        var containment = Containment(namespaces, account: try folder.map { try $0.account(namespaces) })
        containment.places = [door?.place, folder?.place].compactMap { $0 }
        containment.readable = installation.all
        containment.offersInput = !input.isEmpty
        let view = ProgramView(folder: folder.map { containment.inside($0.place.name) } ?? "", input: containment.inputPath)
        let words = [Path.join(self.folder, program)] + arguments(view)
        let shell = script.map { ["/bin/bash", "-o", "pipefail", "-c", $0, "script"] } ?? []
        var environment = Self.environmentInside(installation.libraries)
        environment["PGOPTIONS"] = settings + (door == nil ? "" : " \(ScratchSettings.session)")
        var process = ChildProcess(shell + words, environment: environment, input: input, outputLimit: outputLimit)
        process.containment = containment
        process.bytesOfArgument = { ByteText.bytes($0) }
        return process
    }

    /// Of programs that are shut in. `libraries`: directories of those that are not the system's.
    static func environmentInside(_ libraries: [String]) -> [String: String] {
        var environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"]
        if !libraries.isEmpty { environment["LD_LIBRARY_PATH"] = libraries.joined(separator: ":") }
        return environment
    }
}
