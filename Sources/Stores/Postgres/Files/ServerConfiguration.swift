import Model

/// The settings in a file of a server's configuration, in their order (PostgreSQL, section "Parameter Interaction via the Configuration File").
struct ServerConfiguration: Hashable, Sendable {
    struct Setting: Hashable, Sendable {
        /// Lower case. Also `include`, `include_if_exists` and `include_dir`.
        var name: String
        var value: String
    }

    private(set) var settings: [Setting] = []

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            if let setting = Self.setting(in: line) { settings.append(setting) }
        }
    }

    /// The last one holds.
    func value(of name: String) -> String? { settings.last { $0.name == name }?.value }

    /// Of a setting that is a list of names.
    func names(in name: String) -> [String] {
        (value(of: name) ?? "").split(separator: ",").map { word in
            String(word.filter { !$0.isWhitespace && $0 != "\"" })
        }.filter { !$0.isEmpty }
    }

    private static func setting(in line: Substring) -> Setting? {
        var rest = line.drop { $0.isWhitespace }
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "$" }
        guard !name.isEmpty else { return nil }
        rest = rest.dropFirst(name.count).drop { $0.isWhitespace }
        if rest.first == "=" { rest = rest.dropFirst().drop { $0.isWhitespace } }
        return value(in: rest).map { Setting(name: name.lowercased(), value: $0) }
    }

    /// Nil where none stands.
    private static func value(in text: Substring) -> String? {
        guard text.first == "'" else {
            let value = text.prefix { !$0.isWhitespace && $0 != "#" }
            return value.isEmpty ? nil : String(value)
        }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.popFirst() {
                value.append(next)
            } else if character == "'" {
                guard rest.first == "'" else { return value }
                rest = rest.dropFirst()
                value.append("'")
            } else {
                value.append(character)
            }
        }
        return value
    }
}

extension ServerConfiguration {
    /// By which a server runs something, loads something, or reads, writes or listens elsewhere than in its data directory.
    static func isFarReaching(_ name: String) -> Bool {
        farReaching.contains(name) || name.hasPrefix("ssl_") || name.hasSuffix("_command") || name.hasSuffix("_libraries")
            || name.hasSuffix("_library") || name.hasSuffix("_directory") && name.contains(".")
    }

    private static let farReaching: Set<String> = [
        "include", "include_if_exists", "include_dir", "dynamic_library_path", "extension_control_path", "jit_provider", "data_directory",
        "hba_file", "ident_file", "external_pid_file", "unix_socket_directories", "listen_addresses", "log_directory", "log_destination",
        "stats_temp_directory", "krb_server_keyfile", "primary_conninfo",
    ]

    /// Lines for a plan: what the configuration `wanted` of an image would have a server do that `present` does not.
    static func cautions(file: String, wanted: ServerConfiguration, present: ServerConfiguration) -> [String] {
        let known = Set(present.settings)
        return wanted.settings.filter { isFarReaching($0.name) && !$0.value.isEmpty && !known.contains($0) }.map {
            "the restored server obeys \(file): \($0.name) = '\(printable($0.value, limit: 200))'"
        }
    }
}
