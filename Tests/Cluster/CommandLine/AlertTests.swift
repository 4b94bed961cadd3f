import Foundation
import HostIO
import Model
import TestSupport
import Testing

/// Alerts of the real program: told once to a command and a webhook, over when they are, and what a monitor from outside reads.
@Suite(.timeLimit(.minutes(10))) struct AlertTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
    }

    /// The service runs, and everything is as it should be but this.
    private func expectWarning(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let seen = try cluster.run("status", "--nagios")
        #expect(seen.status == 1 && seen.out.hasPrefix("HOLDFAST WARNING - "), "\(seen.out)", sourceLocation: sourceLocation)
        #expect(seen.out.contains(words), "\(seen.out)", sourceLocation: sourceLocation)
        #expect(try cluster.run("status", "--json").status == FailureCode.incomplete.exitStatus, sourceLocation: sourceLocation)
    }

    private func heard() throws -> [[String: Any]] {
        let text = try AtomicFile.readIfPresent(cluster.root + "/heard") ?? []
        return try text.split(separator: 0x0A).compactMap { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
    }

    @Test func `an alert reaches a command once, and its end too`() throws {
        try cluster.write(.init(more: "alerts: {command: \"cat >> heard; echo >> heard\", repeat: 1d}"))
        try cluster.succeed("snapshot", "policy", "disable")
        let service = try RunningService(cluster)
        // No target is told first.
        try service.event("alert")
        let alert = try service.event("alert")
        #expect((alert["message"] as? String)?.contains("disabled") == true, "\(alert)")
        #expect(service.stop(SIGTERM) == 0)
        #expect(try heard().map { $0["key"] as? String } == ["disk-lost", "snapshot-policy-disabled"])
        let again = try RunningService(cluster)
        try again.event("started")
        #expect(again.stop(SIGTERM) == 0)
        try cluster.succeed("snapshot", "policy", "enable")
        let last = try RunningService(cluster)
        let over = try last.event("alert")
        #expect((over["message"] as? String)?.hasPrefix("over: ") == true, "\(over)")
        #expect(last.stop(SIGTERM) == 0)
        #expect(try heard().map { $0["notice"] as? String } == ["raised", "raised", "resolved"], "a restart tells nothing twice")
    }

    @Test func `an alert is mailed, and a heartbeat that nobody hears is told once`() throws {
        let sendmail = cluster.root + "/sendmail"
        try AtomicFile.write(Array("#!/bin/sh\necho \"$@\" >args; cat >mail\n".utf8), to: sendmail, mode: 0o755)
        try cluster.write(
            .init(more: "alerts: {mail: \"admin@example.org\", sendmail: sendmail, heartbeat: \"http://127.0.0.1:1/secret\"}"))
        try cluster.succeed("snapshot", "policy", "disable")
        let service = try RunningService(cluster)
        let trouble = try #require(try service.event("note")["message"] as? String)
        #expect(trouble.contains("the heartbeat") && !trouble.contains("secret"), "\(trouble)")
        #expect(service.stop(SIGTERM) == 0)
        let mail = String(decoding: try AtomicFile.read(cluster.root + "/mail"), as: UTF8.self)
        #expect(mail.hasPrefix("To: admin@example.org\nSubject: [holdfast acme] warning: the snapshot policy is disabled\n"), "\(mail)")
        #expect(String(decoding: try AtomicFile.read(cluster.root + "/args"), as: UTF8.self) == "-i -t\n")
    }

    @Test func `mail that the system does not take is told with its words, and the command hears the alert`() throws {
        let sendmail = cluster.root + "/sendmail"
        let text = "#!/bin/sh\necho 'postdrop: warning: mail_queue_enter: create file: Permission denied' >&2\nsleep 600 &\nexit 75\n"
        try AtomicFile.write(Array(text.utf8), to: sendmail, mode: 0o755)
        let heard = cluster.root + "/heard"
        try cluster.write(.init(more: "alerts: {mail: \"admin@example.org\", sendmail: sendmail, command: \"cat >\(heard)\"}"))
        try cluster.succeed("snapshot", "policy", "disable")
        let service = try RunningService(cluster)
        let told = try #require(try service.event("note")["message"] as? String)
        #expect(told.contains("sendmail failed") && told.contains("Permission denied"), "\(told)")
        #expect(service.stop(SIGTERM) == 0)
        #expect(try AtomicFile.read(heard).isEmpty == false)
    }

    @Test func `a command that fails is told in the log and stops nothing`() throws {
        try cluster.write(.init(more: "alerts: {command: \"echo no mail >&2; exit 3\", webhook: \"http://127.0.0.1:1/x?secret\"}"))
        try cluster.succeed("snapshot", "policy", "disable")
        let service = try RunningService(cluster)
        #expect((try service.event("note")["message"] as? String)?.contains("no mail") == true)
        let webhook = try #require(try service.event("note")["message"] as? String)
        #expect(webhook.contains("webhook") && !webhook.contains("secret"), "\(webhook)")
        #expect(service.stop(SIGTERM) == 0)
    }

    @Test(.enabled(if: canMount("a target on another disk"))) func `a monitor reads one line and the four statuses`() throws {
        let unserved = try cluster.run("status", "--nagios")
        #expect(unserved.status == 2 && unserved.out.hasPrefix("HOLDFAST CRITICAL - ") && unserved.lines.count == 1, "\(unserved.out)")
        let elsewhere = try MountedFileSystem.tmpfs(megabytes: 64)
        let service = try RunningService(cluster)
        try service.event("finished")
        try expectWarning("there is no target")
        try cluster.succeed("target", "add", "here", "here")
        try expectWarning("every target shares a disk with")
        try cluster.succeed("target", "add", "nas", "\(elsewhere.path)/nas")
        try expectWarning("there is no backup in nas")
        try cluster.succeed("backup", "create", "--target", "nas")
        try expectWarning("backups into nas are not made by themselves")
        try cluster.succeed("backup", "policy", "create", "nightly", "--target", "nas", "--every", "1d", "--keep", "3@1d")
        let fine = try cluster.run("status", "--nagios")
        #expect(fine.status == 0 && fine.out.hasPrefix("HOLDFAST OK - ") && fine.out.contains("'snapshot_age'="), "\(fine.out)")
        #expect(fine.out.contains("'backup_age_nightly'="), "from its first second on: \(fine.out)")
        #expect(try cluster.succeed("status").out.contains("as it should be"))
        let (uploads, aside) = (cluster.root + "/uploads", cluster.root + "/aside")
        try FileManager.default.moveItem(atPath: uploads, toPath: aside)
        let missing = try cluster.run("status", "--nagios")
        #expect(missing.status == 2 && missing.out.contains("store uploads"), "\(missing.out)")
        try FileManager.default.moveItem(atPath: aside, toPath: uploads)
        try cluster.succeed("snapshot", "policy", "disable", "--yes")
        let disabled = try cluster.run("status", "--nagios")
        #expect(disabled.status == 1 && disabled.out.hasPrefix("HOLDFAST WARNING - "), "\(disabled.out)")
        #expect(try cluster.run("status", "--json").status == FailureCode.incomplete.exitStatus)
        #expect(service.stop(SIGTERM) == 0)
        try AtomicFile.write([], to: cluster.file)
        let unknown = try cluster.run("status", "--nagios")
        #expect(unknown.status == 3 && unknown.out.hasPrefix("HOLDFAST UNKNOWN - "), "\(unknown.out)")
    }
}
