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
    }

    @Test(
        arguments: [
            ("alerts: 5", "alerts is a number"), ("alerts: {webhook: ftp://x}", "is not an address"),
            ("alerts: {repeat: soon}", "repeat: "),
            ("alerts: {mail: me}", "unknown key \"mail\""), ("alerts: {command: [a]}", "command is a list"),
        ])
    func `what makes no sense is an error with its line`(_ alerts: String, _ message: String) {
        let failure = #expect(throws: Failure.self) { try read(alerts) }
        #expect(failure?.code == .clusterFile && failure?.message.contains(":15: ") == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
}
