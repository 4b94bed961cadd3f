/// Where alerts go beside the log of the service, and how often one that goes on is told again.
package struct AlertSettings: Hashable, Sendable {
    package static let defaultRepeatSeconds: Int64 = 86_400

    /// A shell command; it reads the alert, one JSON object, from its standard input.
    package var command: String?
    /// An address that the same object is posted to.
    package var webhook: String?
    /// Addresses that mail goes to, through ``sendmail``.
    package var mail: [String]
    /// Absolute.
    package var sendmail = "/usr/sbin/sendmail"
    /// An address that is asked for as long as the service is alive.
    package var heartbeat: String?
    package var bounds = AlertBounds()
    package var repeatSeconds: Int64

    package init(command: String? = nil, webhook: String? = nil, mail: [String] = [], repeatSeconds: Int64 = defaultRepeatSeconds) {
        self.command = command
        self.webhook = webhook
        self.mail = mail
        self.repeatSeconds = repeatSeconds
    }
}

/// From where on something is a concern.
package struct AlertBounds: Hashable, Sendable {
    /// Of the pause of the writers, and of the skew, of a snapshot; nil: none.
    package var pauseSeconds: Double?
    package var skewSeconds: Double?
    /// A place that is foretold to be full within this time.
    package var fullWithinSeconds: Double = 7 * 86_400
    /// When less than so many of a hundred entries or bytes of a store are left.
    package var shrink = ShrinkRule()

    package init() {}
}

extension ClusterFileReader {
    mutating func alerts(_ map: YamlMap) -> AlertSettings {
        guard let node = map.node("alerts") else { return AlertSettings() }
        let line = map.line(of: "alerts")
        let known = ["command", "webhook", "mail", "sendmail", "heartbeat", "max-pause", "max-skew", "full-within", "shrink", "repeat"]
        guard let entry = YamlMap(node, what: "alerts", known: known, line: line, into: &complaints) else { return AlertSettings() }
        var settings = AlertSettings(
            command: entry.optional("command", into: &complaints), webhook: webhook("webhook", entry), mail: mail(entry))
        settings.heartbeat = webhook("heartbeat", entry)
        if let path = entry.optional("sendmail", into: &complaints),
            let absolute = resolve(path, key: "sendmail", line: entry.line(of: "sendmail"))
        {
            settings.sendmail = absolute
        }
        settings.bounds.pauseSeconds = seconds("max-pause", entry)
        settings.bounds.skewSeconds = seconds("max-skew", entry)
        settings.bounds.fullWithinSeconds = seconds("full-within", entry) ?? AlertBounds().fullWithinSeconds
        settings.bounds.shrink = shrink(entry)
        if let text = entry.optional("repeat", into: &complaints) {
            do throws(Failure) { settings.repeatSeconds = try Period(text, for: "repeat").seconds } catch {
                complaints.add(error.message, line: entry.line(of: "repeat"), remedy: error.hint)
            }
        }
        return settings
    }

    /// One address, or several with commas between them.
    private mutating func mail(_ entry: YamlMap) -> [String] {
        guard let text = entry.optional("mail", into: &complaints) else { return [] }
        let addresses = text.split(separator: ",").map { $0.filter { $0 != " " } }
        let isPlain = addresses.allSatisfy { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !$0.hasPrefix("-") && !$0.contains("<") }
        if isPlain, !addresses.isEmpty { return addresses }
        complaints.add(
            "mail: \"\(printable(text))\" is no address", line: entry.line(of: "mail"), remedy: "write one such as admin@example.org")
        return []
    }

    private mutating func seconds(_ key: String, _ entry: YamlMap) -> Double? {
        guard let text = entry.optional(key, into: &complaints) else { return nil }
        if let milliseconds = DurationText.milliseconds(parsing: text), milliseconds > 0 { return Double(milliseconds) / 1000 }
        complaints.add(
            "\(key): \"\(printable(text))\" is not a length of time", line: entry.line(of: key), remedy: "write one such as 500ms, 2s or 7d"
        )
        return nil
    }

    private mutating func shrink(_ entry: YamlMap) -> ShrinkRule {
        guard let text = entry.optional("shrink", into: &complaints) else { return ShrinkRule() }
        if text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) { return ShrinkRule(percent: percent) }
        complaints.add(
            "shrink: \"\(printable(text))\" is not a share", line: entry.line(of: "shrink"),
            remedy: "write one from 1% to 100%: less than that being left of a store is told")
        return ShrinkRule()
    }

    private mutating func webhook(_ key: String, _ entry: YamlMap) -> String? {
        guard let text = entry.optional(key, into: &complaints) else { return nil }
        if text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains("\n") { return text }
        complaints.add(
            "\(key): \"\(printable(text))\" is not an address", line: entry.line(of: key),
            remedy: "write one such as https://alerts.example.org/holdfast")
        return nil
    }
}
