import HostIO
import Model

/// Where alerts go beside the log: a command, and a webhook through curl. Both get one JSON object.
struct AlertSinks {
    let settings: AlertSettings

    /// Gives what could not be delivered, as lines for the log.
    func send(_ notice: AlertNotice) -> [String] {
        guard let json = try? notice.json() else { return [] }
        return [
            settings.command.flatMap { run("the alert command", .shell($0, timeout: .seconds(30)), json) },
            settings.webhook.flatMap { run("the webhook", Self.curl($0), json) },
        ].compactMap { $0 }
    }

    /// The address goes in through the standard input with the body after it, because a process list is read by all, and a webhook's address
    /// is its password.
    private static func curl(_ address: String) -> ChildProcess {
        ChildProcess(
            [
                "curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--retry", "2", "--header",
                "Content-Type: application/json",
                "--config", "-",
            ], input: Array("url = \(quoted(address))\n".utf8), timeout: .seconds(90))
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private func run(_ what: String, _ process: ChildProcess, _ json: [UInt8]) -> String? {
        var process = process
        if process.input.isEmpty {
            process.input = json
        } else {
            process.input += Array("data-raw = \(Self.quoted(String(decoding: json, as: UTF8.self)))\n".utf8)
        }
        do {
            let outcome = try process.run()
            if outcome.succeeded { return nil }
            let words = outcome.errorText.split(separator: "\n").last.map { ": \(printable(String($0), limit: 200))" } ?? ""
            return "\(what) failed\(words)"
        } catch {
            return "\(what) cannot be run: \(error.failure.summary)"
        }
    }
}
