import Clusters
import HostIO
import Model

/// Where alerts go beside the log: a command and a webhook through curl, which get one JSON object, and mail.
struct AlertSinks {
    let settings: AlertSettings
    let cluster: String
    let host: String

    init(of cluster: Cluster) {
        settings = cluster.file.alerts
        self.cluster = cluster.file.name
        host = cluster.host.name
    }

    /// Gives what could not be delivered, as lines for the log.
    func send(_ notice: AlertNotice) -> [String] {
        guard let json = try? notice.json() else { return [] }
        return [
            settings.command.flatMap { run("the alert command", Self.shell($0, json)) },
            settings.webhook.flatMap { run("the webhook", Self.curl($0, json)) },
            settings.mail.isEmpty ? nil : run("sendmail", mail(notice)),
        ].compactMap { $0 }
    }

    /// Tells the heartbeat's address that the service is alive. Gives what went wrong, as a line for the log.
    func beat() -> String? {
        guard let address = settings.heartbeat else { return nil }
        let words = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--max-time", "5", "--config", "-"]
        return run("the heartbeat", ChildProcess(words, input: Array("url = \(Self.quoted(address))\n".utf8), timeout: .seconds(10)))
    }

    /// Recipients stand in the message, not among the arguments.
    private func mail(_ notice: AlertNotice) -> ChildProcess {
        let message = MailMessage(to: settings.mail, cluster: cluster, host: host, notice)
        return ChildProcess([settings.sendmail, "-i", "-t"], input: message.bytes, timeout: .seconds(30))
    }

    /// The address goes in through the standard input with the body after it, because a process list is read by all, and a webhook's address
    /// is its password.
    private static func curl(_ address: String, _ json: [UInt8]) -> ChildProcess {
        ChildProcess(
            [
                "curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--retry", "2", "--header",
                "Content-Type: application/json",
                "--config", "-",
            ],
            input: Array("url = \(quoted(address))\ndata-raw = \(quoted(String(decoding: json, as: UTF8.self)))\n".utf8),
            timeout: .seconds(90))
    }

    private static func shell(_ command: String, _ json: [UInt8]) -> ChildProcess {
        var process = ChildProcess.shell(command, timeout: .seconds(30))
        process.input = json
        return process
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private func run(_ what: String, _ process: ChildProcess) -> String? {
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
