/// Where alerts go beside the log of the service, and how often one that goes on is told again.
package struct AlertSettings: Hashable, Sendable {
    package static let defaultRepeatSeconds: Int64 = 86_400

    /// A shell command; it reads the alert, one JSON object, from its standard input.
    package var command: String?
    /// An address that the same object is posted to.
    package var webhook: String?
    package var repeatSeconds: Int64

    package init(command: String? = nil, webhook: String? = nil, repeatSeconds: Int64 = defaultRepeatSeconds) {
        self.command = command
        self.webhook = webhook
        self.repeatSeconds = repeatSeconds
    }
}

extension ClusterFileReader {
    mutating func alerts(_ map: YamlMap) -> AlertSettings {
        guard let node = map.node("alerts") else { return AlertSettings() }
        let line = map.line(of: "alerts")
        guard let entry = YamlMap(node, what: "alerts", known: ["command", "webhook", "repeat"], line: line, into: &complaints) else {
            return AlertSettings()
        }
        var settings = AlertSettings(command: entry.optional("command", into: &complaints), webhook: webhook(entry))
        if let text = entry.optional("repeat", into: &complaints) {
            do throws(Failure) { settings.repeatSeconds = try Period(text, for: "repeat").seconds } catch {
                complaints.add(error.message, line: entry.line(of: "repeat"), remedy: error.hint)
            }
        }
        return settings
    }

    private mutating func webhook(_ entry: YamlMap) -> String? {
        guard let text = entry.optional("webhook", into: &complaints) else { return nil }
        if text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains("\n") { return text }
        complaints.add(
            "webhook: \"\(printable(text))\" is not an address", line: entry.line(of: "webhook"),
            remedy: "write one such as https://alerts.example.org/holdfast")
        return nil
    }
}
