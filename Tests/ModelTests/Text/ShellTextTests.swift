import Model
import Testing

@Suite struct ShellTextTests {
    @Test func `a word is quoted where the shell would change it`() {
        #expect(shellWord("/srv/a-b_c.d") == "/srv/a-b_c.d")
        #expect(shellWord("/srv/a b") == "'/srv/a b'")
        #expect(shellWord("it's") == "'it'\\''s'" && shellWord("") == "''" && shellWord("$(id)") == "'$(id)'")
    }

    @Test(arguments: [
        ("/etc/hooks/stop now", ["/etc/hooks/stop"]), ("PAUSE=1 /etc/hooks/stop", ["/etc/hooks/stop"]),
        ("systemctl stop app && /etc/a; '/etc/b c' | /etc/d", ["/etc/a", "/etc/b c", "/etc/d"]),
        ("sh /etc/hooks/stop.sh /var/lib/app", ["/etc/hooks/stop.sh"]), ("/bin/bash -x /etc/h", ["/bin/bash", "/etc/h"]),
        ("sudo -u postgres /usr/bin/pg_ctl start", ["/usr/bin/pg_ctl"]), ("timeout 5 /etc/x", ["/etc/x"]),
        ("su postgres -c '/opt/pg/bin/pg_ctl start -D /data'", ["/opt/pg/bin/pg_ctl"]), (". /etc/../srv/env", ["/srv/env"]),
        ("cat /var/lib/app/token", []), ("\"$HOOKS/stop\"", []), ("touch /tmp/paused", []), ("", []),
        ("if /etc/test; then /etc/run; fi", ["/etc/test", "/etc/run"]),
    ]) func `programs are what a command names by their path to be run`(_ command: String, _ paths: [String]) {
        #expect(ShellPrograms.paths(in: command) == paths)
    }

    @Test func `names of programs have no directories`() {
        #expect(ShellPrograms.names(in: "su postgres -c \"/opt/pg/bin/pg_ctl -D x start\"").contains("pg_ctl"))
        #expect(ShellPrograms.names(in: "systemctl start postgresql") == ["systemctl"])
    }
}
