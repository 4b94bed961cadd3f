import HostIO
import Model

/// What a client of the service has to know.
package struct AccessToken: Hashable, Sendable {
    /// Stands in the history of jobs for whoever showed it.
    package var name: String
    package var text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    static let shortest = 16

    /// The lines of a token file: `TOKEN NAME`. The first one needs no name and is called "1" then; what else is no token with a name is passed over.
    package static func all(in text: String) -> [AccessToken] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
            let words = line.split { $0.isWhitespace }
            guard let token = words.first, token.utf8.count >= shortest, number == 0 || words.count == 2 else { return nil }
            return AccessToken(name: words.count == 2 ? printable(String(words[1])) : "\(number + 1)", text: String(token))
        }
    }
}

extension Cluster {
    /// Those of the token file, which is made where there is none. Throws `refused` when others than its owner could read or change it.
    package func accessTokens() throws -> [AccessToken] {
        let path = file.api.tokenPath
        guard let status = try statusOfPath(path) else {
            let token = host.randomHex(bytes: 32)
            let bytes = Array("\(token)\n".utf8)
            if path == "\(file.state)/api.token" { try state.write(bytes, "api.token") } else { try AtomicFile.write(bytes, to: path) }
            return [AccessToken(name: "1", text: token)]
        }
        guard status.permissions & 0o077 == 0 else {
            throw Failure(.refused, "the token file \(path) can be read by others", hint: "chmod 600 \(shellWord(path))")
        }
        if let distrust = TrustedWay(path, .present(and: state.ownerForRoot)).distrust {
            throw distrust.failure(.refused, "the token file \(path)")
        }
        let tokens = AccessToken.all(in: String(decoding: try AtomicFile.read(path, limit: 1 << 16), as: UTF8.self))
        guard !tokens.isEmpty else {
            throw Failure(.refused, "the token file \(path) holds no token", hint: "remove it; the next holdfast serve makes one")
        }
        return tokens
    }
}
