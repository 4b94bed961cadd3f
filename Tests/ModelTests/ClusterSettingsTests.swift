import Model
import Testing

@testable import Model

@Suite struct ClusterSettingsTests {
    private func settings() throws -> ClusterSettings {
        let policy = try PolicyChange(every: "1d", offset: "2h", keep: "7@1d").backupPolicy(named: "nightly", target: "nas")
        return ClusterSettings(
            clusterFile: "cluster: acme\n", snapshotPolicy: .standard, backupPolicies: [policy],
            targets: [.init(name: "nas", path: "/mnt/nas", isDeclared: false)], formerIDs: ["ab"])
    }

    @Test func `a manifest keeps them, one of before has none, and what cannot be read harms nothing else`() throws {
        var manifest = try sampleManifest()
        let before = try manifest.json()
        #expect(try Manifest(json: before, of: "a").clusterSettings == nil)
        #expect(!String(decoding: before, as: UTF8.self).contains("settings"))
        manifest.clusterSettings = try settings()
        let json = try manifest.json()
        #expect(try Manifest(json: json, of: "a") == manifest)
        let strange = String(decoding: json, as: UTF8.self).replacing("\"7@1d\"", with: "{\"of\": \"later\"}")
        let read = try Manifest(json: Array(strange.utf8), of: "a")
        #expect(read.clusterSettings == nil && read.stores == manifest.stores)
    }

    @Test func `a policy is told as the command that makes it`() throws {
        #expect(
            try settings().backupPolicies[0].command
                == "backup policy create nightly --target nas --mode full --every 1d --offset 2h --keep 7@1d")
        #expect(SnapshotPolicy.standard.command.hasPrefix("snapshot policy update --every 1h --offset 0s --keep 3@1h,"))
    }

    @Test func `no secret of a cluster file is kept`() throws {
        let text = """
            cluster: acme   # the password is hunter2
            release: "1"
            state: /s
            storage: /t
            password-command: "echo hunter2"
            alerts: {webhook: "https://hooks.example.org/T/hunter2", mail: a@example.org, command: "curl -H 'Authorization: Bearer hunter2' u"}
            standby: {fence: "ipmitool -U root --password hunter2 -H h", on-promote: "mysql -phunter2 -e x"}
            quiesce: {begin: "PGPASSWORD=hunter2 psql -c x", end: "curl 'https://u:hunter2@h/x?token=hunter2&y=1'"}
            stores:
              - {name: up, kind: directory, role: content, path: /up}
            """
        let file = try ClusterFile(parsing: text, at: "/etc/acme.yaml")
        #expect(!file.secretFree.contains("hunter2"), "\(file.secretFree)")
        for kept in ["/up", "a@example.org", "ipmitool -U root", "psql -c x", "mysql", "&y=1", "https://u:"] {
            #expect(file.secretFree.contains(kept), "\(kept): \(file.secretFree)")
        }
        var again = text
        for secret in ["password-command: \"echo hunter2\""] { again = again.replacing(secret, with: "password-file: /etc/pw") }
        #expect(try ClusterFile(parsing: again, at: "/a").secretFree.contains("password-file: /etc/pw"))
    }

    @Test(
        arguments: [
            ("mariadb-dump --password='a b' x", "mariadb-dump --password=(left out) x"),
            ("host=h passfile=/p dbname=d", "host=h passfile=/p dbname=d"),
            ("vault --token-file /t get", "vault --token-file /t get"), ("postgres://u@h/d", "postgres://u@h/d"),
            ("https://abc@git.example.org/x", "https://(left out)@git.example.org/x"),
            ("AWS_SECRET_ACCESS_KEY=abc run", "AWS_SECRET_ACCESS_KEY=(left out) run"),
        ])
    func `what is a secret in a command goes, and the rest stays`(_ text: String, _ expected: String) {
        #expect(SecretFreeFile.scrubbed(text) == expected)
    }
}
