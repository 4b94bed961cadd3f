import CHost
import Glibc

/// Surroundings of its own for a program that works on what others have written: the kernel's namespaces, no rights, and a user to whom nothing belongs.
///
/// In them the program sees the system's programs and libraries (`/usr`, a few files of `/etc`, five devices), read-only, and its own places; no other
/// file, process, network or user. It cannot gain rights, and it ends with the thread that runs it.
package struct Containment: Sendable {
    package enum Namespaces: Sendable {
        /// Made by root.
        case asRoot
        /// In a user namespace: the user is the one of this process.
        case ofUser
        /// The kernel allows none: files, network and processes are those of the host.
        case none
    }

    /// Who the program is.
    package struct Account: Hashable, Sendable {
        package var uid: UInt32
        package var gid: UInt32

        package init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// A directory that the program's user may enter.
    package struct Place: Sendable {
        package enum Access: Sendable { case reading, writing }

        package var name: String
        /// Absolute.
        package var path: String
        /// Without namespaces, what owner and mode of the directory allow.
        package var access: Access

        package init(_ name: String, at path: String, _ access: Access = .writing) {
            (self.name, self.path, self.access) = (name, path, access)
        }
    }

    package let namespaces: Namespaces
    package let account: Account
    /// Directories of the host that the program gets, by their names below `/`; two at most.
    package var places: [Place] = []
    /// What it may read beside the system: absolute, at the same path inside.
    package var readable: [String] = []

    /// The program finds its standard input as a file, too (``inputPath``): a copy in memory, of text without NUL.
    package var offersInput = false

    package init(_ namespaces: Namespaces = Self.possible, account: Account? = nil) {
        self.namespaces = namespaces
        self.account = account ?? .scratch(namespaces)
    }

    /// Where the program finds one of its places. Without namespaces it inherits a descriptor, because nobody else may enter the directory by its path.
    package func inside(_ name: String) -> String {
        guard namespaces == .none else { return "/\(name)" }
        let index = places.firstIndex { $0.name == name } ?? 0
        return "/proc/self/fd/\(Int(HOLDFAST_FIRST_HELD) - index)"
    }

    /// Where the program finds its standard input as a file.
    package var inputPath: String { namespaces == .none ? "/dev/stdin" : "/\(Self.inputName)" }

    static let inputFolder = "input"
    static let inputName = "\(inputFolder)/text"

    /// Gives the directory to the program's user.
    package func give(_ folder: String) throws(SystemError) {
        guard geteuid() != account.uid else { return }
        try Descriptor.openDirectory(folder).setOwner(uid: account.uid, gid: account.gid)
    }

    /// Ends the program and all that it has started: with namespaces SIGKILL to the first process reaches every other one, without them it has to do that by
    /// itself.
    package var endingSignal: Int32 { namespaces == .none ? SIGQUIT : SIGKILL }

    /// What is not kept from the program here; nil where nothing is missing.
    package var weakness: String? {
        switch namespaces {
        case .asRoot: nil
        case .ofUser: "it runs as the user of this process, in namespaces of its own"
        case .none: "the kernel allows no namespaces here, so it sees the files, processes and network that its user sees"
        }
    }

    /// What the kernel allows this process, found out once by running a program.
    package static let possible: Namespaces = {
        let wanted: Namespaces = geteuid() == 0 ? .asRoot : .ofUser
        var probe = ChildProcess(["/usr/bin/true"], environment: [:])
        probe.containment = Containment(wanted, account: .scratch(wanted))
        guard let outcome = try? probe.run(), outcome.succeeded else { return .none }
        return wanted
    }()
}

extension Containment.Account {
    /// The user of scratch servers. For root that is `holdfast-scratch`, where it exists; in namespaces otherwise a number that no user has, out of those that
    /// systemd gives to dynamic users (systemd.exec(5), DynamicUser=); without them `nobody`.
    static func scratch(_ namespaces: Containment.Namespaces) -> Self {
        guard geteuid() == 0 else { return Self(uid: geteuid(), gid: getegid()) }
        if let user = named("holdfast-scratch"), user.uid != 0 { return user }
        guard namespaces != .none else { return named("nobody") ?? Self(uid: 65534, gid: 65534) }
        return Self(uid: unused, gid: unused)
    }

    private static let unused: UInt32 = {
        let numbers = UInt32(61184)...65519
        let start = UInt32(getpid()) % UInt32(numbers.count)
        for step in 0..<UInt32(numbers.count) {
            let number = numbers.lowerBound + (start + step) % UInt32(numbers.count)
            if getpwuid(number) == nil, getgrgid(number) == nil { return number }
        }
        return 65534
    }()

    private static func named(_ name: String) -> Self? {
        getpwnam(name).map { Self(uid: $0.pointee.pw_uid, gid: $0.pointee.pw_gid) }
    }
}
