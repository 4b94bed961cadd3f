package import HostIO
package import Model
package import RepositoryEngine

/// Reads the password of a cluster's repositories, and makes one when `cluster init` finds none.
package struct ClusterPassword {
    private let source: PasswordSource
    private let host: Host
    private let trusted: TrustedUsers

    /// `trusted`: who may write a password file.
    package init(_ source: PasswordSource, host: Host, trusted: TrustedUsers = .present()) {
        self.source = source
        self.host = host
        self.trusted = trusted
    }

    package func read() throws -> Password {
        switch source {
        case .file(let path): try readFile(path)
        case .command(let command): try runCommand(command)
        }
    }

    private func readFile(_ path: String) throws -> Password {
        guard let status = try statusOfPath(path) else {
            throw Failure(
                .password, "the password file \(path) is not there",
                hint: "put it back; without the password no snapshot or backup can be read")
        }
        guard status.permissions & 0o007 == 0 else {
            throw Failure(.password, "the password file \(path) can be read by everybody", hint: "chmod 600 \(shellWord(path))")
        }
        if let distrust = TrustedWay(path, trusted).distrust { throw distrust.failure(.password, "the password file \(path)") }
        return try password(in: try AtomicFile.read(path, limit: 64 << 10), from: path)
    }

    private func runCommand(_ command: String) throws -> Password {
        let result = try ChildProcess.shell(command, timeout: .seconds(60)).run()
        guard result.succeeded else {
            throw Failure(
                .password, "the password command \(result.ending.text)", hint: "run it by hand: it must print the password and exit with 0")
        }
        return try password(in: result.output, from: "the output of the password command")
    }

    /// The first line, without its end.
    private func password(in bytes: [UInt8], from place: String) throws -> Password {
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty else { throw Failure(.password, "\(place) is empty", hint: "its first line is the password") }
        return Password(bytes: Array(line))
    }

    /// Writes a new random password (160 bits) when the source is a file that does not exist; the path when it did.
    package func makeIfMissing() throws -> String? {
        guard case .file(let path) = source, try statusOfPath(path) == nil else { return nil }
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
        let random = host.randomBytes(32)
        var text: [UInt8] = []
        for (index, byte) in random.enumerated() {
            if index > 0, index % 8 == 0 { text.append(UInt8(ascii: "-")) }
            text.append(alphabet[Int(byte & 31)])
        }
        try makeDirectories(PathText.parent(of: path))
        try AtomicFile.write(text + [0x0A], to: path, mode: 0o600)
        return path
    }
}
