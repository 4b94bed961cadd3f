import Yams

/// A cluster file as it may be kept in repositories: without comments, and with `(left out)` for passwords, tokens and the like, also in commands,
/// connections and addresses. Rather too much is left out than too little.
package struct SecretFreeFile {
    package static let mark = "(left out)"
    /// Keys whose values are secrets, or print one.
    private static let secretKeys: Set = ["password-command", "password", "passphrase", "secret", "token", "webhook", "heartbeat"]

    package let text: String

    /// `text` of a cluster file that was read; empty for one that is no YAML.
    package init(_ text: String) {
        guard let node = try? Yams.compose(yaml: text), let written = try? Yams.serialize(node: Self.scrubbed(node, key: "")) else {
            self.text = ""
            return
        }
        self.text = written
    }

    private static func scrubbed(_ node: Node, key: String) -> Node {
        switch node {
        case .scalar(let scalar):
            var scalar = scalar
            scalar.string = secretKeys.contains(key) && !scalar.string.isEmpty ? mark : scrubbed(scalar.string)
            return .scalar(scalar)
        case .sequence(let items):
            return .sequence(Node.Sequence(items.map { scrubbed($0, key: key) }, items.tag, items.style))
        case .mapping(let pairs):
            return .mapping(Node.Mapping(pairs.map { ($0.key, scrubbed($0.value, key: $0.key.string ?? "")) }, pairs.tag, pairs.style))
        case .alias: return Node(mark)
        }
    }

    /// In a command, a connection or an address.
    static func scrubbed(_ text: String) -> String {
        // Whatever is found below has one of these; names and plain paths, of which there are thousands, have none.
        guard text.contains(where: { "=:@".contains($0) || $0.isWhitespace }) else { return text }
        var text = text.replacing(/:\/\/([^\/\s:@"']*):[^\/\s@"']+@/) { "://\($0.output.1):\(mark)@" }
        text = text.replacing(/(?i)(https?):\/\/[^\/\s@"']+@/) { "\($0.output.1)://\(mark)@" }
        text = text.replacing(/(?i)\b(authorization\s*[:=]\s*|bearer\s+)((?:bearer|basic)\s+)?[^\s"']+/) { "\($0.output.1)\(mark)" }
        text = text.replacing(
            /(?i)([a-z0-9_-]*(?:password|passwd|passphrase|pwd|secret|token|apikey|api[_-]key|access[_-]key|credential)[a-z0-9_-]*)(\s*[=:]\s*|\s+)("[^"]*"|'[^']*'|[^\s"'&;|)]+)/
        ) { match in
            let name = match.output.1.lowercased()
            // What names a place of a secret is none.
            let isPlace = ["file", "path", "command", "dir", "id"].contains { name.hasSuffix($0) }
            return isPlace ? String(match.output.0) : "\(match.output.1)\(match.output.2)\(mark)"
        }
        text = text.replacing(/([?&](?:key|sig|signature|auth|code)=)[^&\s"']+/) { "\($0.output.1)\(mark)" }
        guard text.contains(/(?i)mysql|mariadb|sshpass/) else { return text }
        return text.replacing(/(^|\s)-p[^\s"']+/) { "\($0.output.1)-p\(mark)" }
    }
}
