import Model
import Testing

@Suite struct AlertSettingsTests {
    private func read(_ alerts: String) throws -> AlertSettings {
        try ClusterFile(parsing: wholeClusterFile + alerts + "\n", at: "/etc/holdfast/acme.yaml").alerts
    }

    @Test func `alerts go where the cluster file says`() throws {
        #expect(try read("") == AlertSettings())
        let settings = try read("alerts: {command: /usr/bin/tell me, webhook: \"https://a.example/x\", repeat: 6h}")
        #expect(settings == AlertSettings(command: "/usr/bin/tell me", webhook: "https://a.example/x", repeatSeconds: 21_600))
        #expect(try read("alerts: {repeat: 1w}").repeatSeconds == 604_800)
        let more = try read(
            "alerts: {mail: \"a@b.example, root\", sendmail: bin/send, heartbeat: \"https://w.example/1\", max-pause: 250ms, max-skew: 2s, full-within: 14d}"
        )
        #expect(
            more.mail == ["a@b.example", "root"] && more.sendmail == "/etc/holdfast/bin/send" && more.heartbeat == "https://w.example/1")
        #expect(more.bounds.pauseSeconds == 0.25 && more.bounds.skewSeconds == 2 && more.bounds.fullWithinSeconds == 14 * 86_400)
    }

    @Test(
        arguments: [
            ("alerts: 5", "alerts is a number"), ("alerts: {webhook: ftp://x}", "is not an address"),
            ("alerts: {repeat: soon}", "repeat: "),
            ("alerts: {fax: me}", "unknown key \"fax\""), ("alerts: {mail: \"a <b@c>\"}", "is no address"),
            ("alerts: {mail: -x}", "is no address"), ("alerts: {heartbeat: here}", "is not an address"),
            ("alerts: {max-pause: 0s}", "max-pause: "), ("alerts: {command: [a]}", "command is a list"),
        ])
    func `what makes no sense is an error with its line`(_ alerts: String, _ message: String) {
        let failure = #expect(throws: Failure.self) { try read(alerts) }
        #expect(failure?.code == .clusterFile && failure?.message.contains(":15: ") == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
}
