@testable import PostgresStore
import Testing

@Suite struct ServiceNotesTests {
    @Test(arguments: [
        "pg_ctl -D /data start", "su postgres -c '/usr/lib/postgresql/15/bin/pg_ctl -D /data -w start'",
        "runuser -u postgres -- /usr/lib/postgresql/15/bin/postgres -D /data", "cd /data && exec pg_ctl start -l log",
    ]) func `a command that starts the server by itself is told`(_ command: String) {
        let notes = ServiceNotes.notes(start: command, group: nil)
        #expect(notes.count == 1 && notes.first?.contains("systemctl or pg_ctlcluster") == true, "\(notes)")
    }

    @Test(arguments: [
        "systemctl start postgresql@15-main", "pg_ctlcluster 15 main start", "service postgresql start",
        "/etc/holdfast/start pg_ctl", "systemctl start pg_ctl",
    ]) func `what the system starts is fine`(_ command: String) { #expect(ServiceNotes.notes(start: command, group: nil).isEmpty) }

    @Test func `a server inside of Holdfast's service is told, one anywhere else is not`() {
        let inside = ServiceNotes.notes(start: nil, group: "/system.slice/system-holdfast.slice/holdfast@acme.service")
        #expect(inside.first?.contains("holdfast@acme.service") == true)
        for group in ["/system.slice/postgresql@15-main.service", "/system.slice/run-r1.scope", "/", "/system.slice/holdfast-servers"] {
            #expect(ServiceNotes.notes(start: "systemctl start x", group: group).isEmpty)
        }
    }
}
