import CPQ
import Glibc
import HostIO
import Synchronization

/// Servers that let in through their socket whom the system calls like the role (`peer` in `pg_hba.conf`, as Debian sets them up). Root is nobody there: its
/// sessions begin, and its programs run, as that user.
enum LocalPeer {
    struct Account: Hashable, Sendable {
        var name: String
        var uid: UInt32
        var gid: UInt32
    }

    private static let known = Mutex<[String: Account]>([:])

    /// As whom that server has let us in; nil for those that did without it.
    static func account(of text: String) -> Account? { known.withLock { $0[server(text)] } }

    static func remember(_ account: Account, of text: String) { known.withLock { $0[server(text)] = account } }

    private static func server(_ text: String) -> String {
        ["host", "hostaddr", "port", "user"].map { ConnectionText.value($0, of: text) ?? "" }.joined(separator: "\n")
    }

    /// Whom to try where root was refused: the user with the name of the role, or else the one that the socket belongs to. Nil for what is no socket of this
    /// host, and for who is not root.
    static func candidate(_ text: String) -> Account? {
        guard geteuid() == 0, ConnectionText.value("hostaddr", of: text) == nil else { return nil }
        let host = ConnectionText.value("host", of: text) ?? "/var/run/postgresql"
        guard host.hasPrefix("/"), !host.contains(",") else { return nil }
        let socket = "\(host)/.s.PGSQL.\(ConnectionText.value("port", of: text) ?? "5432")"
        let found =
            if let role = ConnectionText.user(of: text) { getpwnam(role) } else {
                (try? statusOfPath(socket))?.flatMap { getpwuid($0.uid) }
            }
        guard let entry = found?.pointee, entry.pw_uid != 0 else { return nil }
        return Account(name: String(cString: entry.pw_name), uid: entry.pw_uid, gid: entry.pw_gid)
    }

    static func name(of uid: UInt32) -> String? { getpwuid(uid).map { String(cString: $0.pointee.pw_name) } }

    /// Runs `body` on this thread as the user. Other threads stay what they are, and so does what the thread may become again (credentials(7)).
    static func acting<Result, Problem: Error>(as account: Account?, _ body: () throws(Problem) -> Result) throws(Problem) -> Result {
        guard let account else { return try body() }
        guard holdfast_act_as(account.uid, account.gid) == 0 else { return try body() }
        defer {
            // A thread that stays somebody else would go on with less than it needs, somewhere.
            precondition(holdfast_act_as(0, 0) == 0, "a thread cannot become root again")
        }
        return try body()
    }
}

extension ServerPrograms {
    /// Where a program that runs as another user finds its folder, of which it may not enter what is above.
    static let folderOfPeer = "/proc/self/fd/9"

    /// A program for a server of the operator's, which lets in `account` alone: it works in `folder` (``folderOfPeer``), and reads its input as a file of
    /// that user's.
    func process(
        _ program: String, as account: LocalPeer.Account, in folder: String?, _ arguments: [String], input: [UInt8], settings: String,
        outputLimit: Int
    ) throws -> ChildProcess {
        if let folder {
            let place = try Descriptor.openDirectory(folder)
            if try place.status().permissions & 0o005 != 0o005 { try place.setOwner(uid: account.uid, gid: account.gid) }
        }
        let enter = folder == nil ? ":" : #"exec 9< "$1""#
        let run = input.isEmpty ? #""$@""# : #"sh -c 'cat | setpriv --pdeathsig=TERM -- "$@"' input "$@""#
        let script =
            "\(enter) && shift && exec setpriv --pdeathsig=TERM --reuid=\(account.uid) --regid=\(account.gid) --init-groups -- \(run)"
        var process = self.process(program, arguments, input: input, settings: settings, outputLimit: outputLimit)
        process.arguments = ["/bin/sh", "-c", script, "holdfast", folder ?? "/"] + process.arguments
        process.environment["HOME"] = "/"
        return process
    }
}
