@testable import PostgresStore
import Testing

@Suite struct ServerConfigurationTests {
    @Test func `settings are read as a server reads them`() {
        let text = """
            # archive_command = 'no'
            Archive_Command='cp "%p" ''/x''' # with a comment
              port 5433
            shared_preload_libraries = 'timescaledb, "auto_explain" ,x'
            include_dir 'conf.d'
            empty =
            work_mem = 4MB#comment
            log_line_prefix = 'a\\'b'
            port = 5434
            """
        let configuration = ServerConfiguration(text)
        #expect(configuration.value(of: "archive_command") == #"cp "%p" '/x'"#)
        #expect(configuration.value(of: "port") == "5434")
        #expect(configuration.value(of: "include_dir") == "conf.d")
        #expect(configuration.value(of: "work_mem") == "4MB")
        #expect(configuration.value(of: "log_line_prefix") == "a'b")
        #expect(configuration.value(of: "empty") == nil)
        #expect(configuration.names(in: "shared_preload_libraries") == ["timescaledb", "auto_explain", "x"])
    }

    @Test(arguments: [
        "archive_command", "restore_command", "archive_cleanup_command", "recovery_end_command", "ssl_passphrase_command",
        "archive_library", "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries",
        "oauth_validator_libraries", "ssl_cert_file", "dynamic_library_path", "jit_provider", "ident_file", "hba_file", "include",
        "include_dir", "include_if_exists", "data_directory", "external_pid_file", "unix_socket_directories", "listen_addresses",
        "log_directory", "log_destination", "primary_conninfo", "basic_archive.archive_directory",
    ]) func `what runs, loads or reaches out is told`(_ name: String) {
        let wanted = ServerConfiguration("\(name) = 'x'\nwork_mem = 5MB\n")
        let nothing = ServerConfiguration("")
        #expect(
            ServerConfiguration.cautions(file: "f", wanted: wanted, present: nothing)
                == ["the restored server obeys f: \(name) = 'x'"])
        #expect(ServerConfiguration.cautions(file: "f", wanted: wanted, present: wanted).isEmpty)
        #expect(ServerConfiguration.cautions(file: "f", wanted: ServerConfiguration("\(name) = ''"), present: nothing).isEmpty)
    }

    @Test func `a scratch server takes over locks and the libraries that its tables need`() {
        let installed: Set<String> = ["timescaledb", "auto_explain", "/data/evil"]
        let settings = ScratchSettings(
            release: 17, locks: 1000, configured: ["auto_explain", "timescaledb", "citus", "/data/evil", "$libdir/timescaledb"],
            isInstalled: installed.contains)
        #expect(settings.libraries == ["timescaledb"] && settings.locks == 1000)
        #expect(settings.text(socket: "/socket", access: "/socket/a").contains("event_triggers = off"))
        let least = ScratchSettings(release: 15)
        #expect(least.locks == 64 && !least.text(socket: "/s", access: "/a").contains("event_triggers"))
        #expect(ScratchSettings(release: 15, locks: .max).locks == ScratchSettings.mostLocks)
    }
}
