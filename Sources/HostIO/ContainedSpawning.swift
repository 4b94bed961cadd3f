import CHost
import Glibc

/// Starts a program in a ``Containment``.
struct ContainedSpawning {
    let containment: Containment
    let request: ChildProcess
    let program: String

    func start(input: Int32, output: Int32, errors: Int32) throws(SystemError) -> pid_t {
        var kept = CStrings()
        defer { kept.free() }
        let arguments = kept.list(request.arguments.map(request.bytesOfArgument))
        let environment = kept.list(request.environment.map { "\($0.key)=\($0.value)" }.sorted().map { Array($0.utf8) })
        var wanted = holdfast_containment()
        fill(&wanted, &kept)
        let entries = entries(&kept)
        var step: Int32 = 0
        let process = arguments.withUnsafeBufferPointer { arguments in
            environment.withUnsafeBufferPointer { environment in
                entries.withUnsafeBufferPointer { entries in
                    wanted.entries = entries.baseAddress
                    wanted.count = Int32(entries.count)
                    return holdfast_spawn_contained(
                        arguments.baseAddress, environment.baseAddress, input, output, errors, &wanted, &step)
                }
            }
        }
        guard process > 0 else { throw SystemError(errno, Self.operation(step), program) }
        return process
    }

    private func fill(_ wanted: inout holdfast_containment, _ kept: inout CStrings) {
        wanted.namespaces = number
        wanted.changes_user = geteuid() == 0 ? 1 : 0
        wanted.uid = containment.account.uid
        wanted.gid = containment.account.gid
        wanted.uid_map = kept.text("\(containment.account.uid) \(geteuid()) 1\n")
        wanted.gid_map = kept.text("\(containment.account.gid) \(getegid()) 1\n")
        wanted.death_signal = containment.endingSignal
        guard containment.namespaces == .none else { return }
        let paths = containment.places.map(\.path)
        wanted.held.0 = paths.first.flatMap { kept.text($0) }
        wanted.held.1 = paths.dropFirst().first.flatMap { kept.text($0) }
    }

    private var number: Int32 {
        switch containment.namespaces {
        case .none: Int32(HOLDFAST_NAMESPACES_NONE)
        case .asRoot: Int32(HOLDFAST_NAMESPACES_AS_ROOT)
        case .ofUser: Int32(HOLDFAST_NAMESPACES_OF_USER)
        }
    }

    private static func operation(_ step: Int32) -> String {
        switch Int(step) {
        case Int(HOLDFAST_STEP_NAMESPACES): "make namespaces for"
        case Int(HOLDFAST_STEP_USER): "make a user namespace for"
        case Int(HOLDFAST_STEP_VIEW): "make a file tree for"
        case Int(HOLDFAST_STEP_RIGHTS): "take the rights from"
        default: "run"
        }
    }

    // MARK: The file tree

    /// What programs of the system need to run. What a host does not have is left out.
    private static let system = [
        "etc/ld.so.cache", "etc/ld.so.conf", "etc/ld.so.conf.d", "etc/alternatives", "etc/localtime",
        // Dictionaries that Debian's PostgreSQL makes of those of the system.
        "var/cache/postgresql",
    ]
    private static let devices = ["dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom"]

    private func entries(_ kept: inout CStrings) -> [holdfast_entry] {
        guard containment.namespaces != .none else { return [] }
        var entries: [holdfast_entry] = []
        func add(_ kind: Int, _ source: String, _ target: String, _ flags: Int = 0) {
            entries.append(
                holdfast_entry(kind: Int32(kind), flags: Int32(flags), source: kept.text(source), target: kept.text(target)))
        }
        let (bind, optional) = (Int(HOLDFAST_ENTRY_BIND), Int(HOLDFAST_OPTIONAL))
        add(bind, "/usr", "usr")
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            if let target = Self.link("/\(name)") {
                add(Int(HOLDFAST_ENTRY_LINK), target, name)
            } else {
                add(bind, "/\(name)", name, optional)
            }
        }
        for place in Self.system { add(bind, "/\(place)", place, optional) }
        for device in Self.devices { add(bind, "/\(device)", device, Int(HOLDFAST_DEVICE)) }
        add(Int(HOLDFAST_ENTRY_MEMORY), "mode=1777", "dev/shm")
        let (uid, gid) = (containment.account.uid, containment.account.gid)
        let shell = "/:/usr/sbin/nologin\n"
        add(Int(HOLDFAST_ENTRY_FILE), "root:x:0:0::\(shell)holdfast-scratch:x:\(uid):\(gid)::\(shell)", "etc/passwd")
        add(Int(HOLDFAST_ENTRY_FILE), "root:x:0:\nholdfast-scratch:x:\(gid):\n", "etc/group")
        add(Int(HOLDFAST_ENTRY_FILE), "passwd: files\ngroup: files\nhosts: files\n", "etc/nsswitch.conf")
        add(Int(HOLDFAST_ENTRY_FILE), "127.0.0.1 localhost\n", "etc/hosts")
        for path in containment.readable where !Path.isInside(path, "/usr") { add(bind, path, String(path.dropFirst())) }
        for place in containment.places { add(bind, place.path, place.name, place.access == .writing ? Int(HOLDFAST_WRITABLE) : 0) }
        if containment.offersInput {
            add(Int(HOLDFAST_ENTRY_MEMORY), "mode=0755", Containment.inputFolder)
            add(Int(HOLDFAST_ENTRY_FILE), String(decoding: request.input, as: UTF8.self), Containment.inputName)
        }
        return entries
    }

    /// What the symbolic link holds; nil for anything else.
    private static func link(_ path: String) -> String? {
        let name = Array(Path.lastComponent(path).utf8)
        guard let target = try? Descriptor.openDirectory(Path.parent(path)).readSymlink(name) else { return nil }
        return FileName.text(target)
    }
}

/// Texts for a call of C, until they are freed.
struct CStrings {
    private var owned: [UnsafeMutablePointer<CChar>] = []

    mutating func text(_ text: String) -> UnsafePointer<CChar>? { UnsafePointer(copy(Array(text.utf8))) }

    /// The last one is followed by null.
    mutating func list(_ texts: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] { texts.map { copy($0) } + [nil] }

    private mutating func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        guard let copy = strdup((bytes + [0]).map { CChar(bitPattern: $0) }) else { return nil }
        owned.append(copy)
        return copy
    }

    func free() { for text in owned { Glibc.free(text) } }
}
