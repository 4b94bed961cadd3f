/// An alert as a message of RFC 5322.
package struct MailMessage: Sendable {
    package var recipients: [String]
    package var cluster: String
    package var host: String
    package var notice: AlertNotice

    package init(to recipients: [String], cluster: String, host: String, _ notice: AlertNotice) {
        self.recipients = recipients
        self.cluster = cluster
        self.host = host
        self.notice = notice
    }

    /// What `sendmail -t` reads. No header can be added by what a message says.
    package var bytes: [UInt8] {
        let word = notice.notice == .resolved ? "over" : notice.severity.rawValue
        let head = [
            "To: \(recipients.joined(separator: ", "))",
            "Subject: \(Self.encoded("[holdfast \(cluster)] \(word): \(notice.message)"))",
            "Auto-Submitted: auto-generated", "X-Holdfast-Key: \(Self.encoded(notice.key))", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
        ]
        let body = [
            "cluster:  \(cluster) on \(host)", "alert:    \(notice.notice.rawValue), \(notice.severity.rawValue)",
            "what:     \(printable(notice.message, limit: 1000))", "do:       \(printable(notice.remedy, limit: 1000))",
            "since:    \(notice.since.readable)", "",
        ]
        return Array((head + [""] + body).joined(separator: "\n").utf8)
    }

    /// As it is, or as encoded words of RFC 2047 of at most 75 characters each.
    static func encoded(_ text: String) -> String {
        let clean = printable(text, limit: 300)
        guard !clean.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return clean }
        var words: [String] = []
        var current = ""
        for scalar in clean.unicodeScalars {
            let piece = String(scalar).utf8.map { byte -> String in
                let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                return isPlain ? String(UnicodeScalar(byte)) : "=" + hex(byte)
            }.joined()
            if current.count + piece.count > 60 {
                words.append(current)
                current = ""
            }
            current += piece
        }
        return (words + [current]).map { "=?utf-8?Q?\($0)?=" }.joined(separator: " ")
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 2 ? text : "0" + text
    }
}
