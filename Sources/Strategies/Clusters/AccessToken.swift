import HostIO
import Model

extension Cluster {
    /// What a client of the service has to know: the first line of the token file, which is made where there is none. Throws `refused` when others than its
    /// owner could read it.
    package func accessToken() throws -> String {
        let path = file.api.tokenPath
        if let status = try statusOfPath(path) {
            guard status.permissions & 0o077 == 0 else {
                throw Failure(.refused, "the token file \(path) can be read by others", hint: "chmod 600 \(path)")
            }
            let text = String(decoding: try AtomicFile.read(path, limit: 1 << 16), as: UTF8.self)
            let token = String(text.prefix { !$0.isWhitespace })
            guard token.utf8.count >= 16 else {
                throw Failure(.refused, "the token file \(path) holds no token", hint: "remove it; the next holdfast serve makes one")
            }
            return token
        }
        let token = host.randomHex(bytes: 32)
        try AtomicFile.write(Array("\(token)\n".utf8), to: path)
        return token
    }
}
