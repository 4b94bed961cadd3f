import HostIO
package import Model

/// Servers as Debian's packages set them up (pg_lsclusters(1)): a directory `/etc/postgresql/RELEASE/NAME` with the configuration of each.
package struct DebianClusters {
    package static let place = "/etc/postgresql"

    struct Cluster: Hashable {
        var release: String
        var name: String
        /// Absolute.
        var configuration: String
        var data: String
        var port: String
        var socket: String
        var owner: String
    }

    /// Those that run.
    let running: [Cluster]

    package init(in place: String = Self.place) {
        running = Self.names(in: place).flatMap { release in
            Self.names(in: Path.join(place, release)).compactMap { Self.cluster(release, $0, Path.join(place, "\(release)/\($0)")) }
        }
    }

    private static func names(in folder: String) -> [String] {
        let names = try? Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }
        // As pg_createcluster(1) takes them.
        return (names ?? []).filter { $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._+-".contains($0)) } }.sorted()
    }

    private static func cluster(_ release: String, _ name: String, _ configuration: String) -> Cluster? {
        guard let bytes = try? AtomicFile.read(Path.join(configuration, "postgresql.conf"), limit: 4 << 20) else { return nil }
        let settings = ServerConfiguration(String(decoding: bytes, as: UTF8.self))
        let data = settings.value(of: "data_directory") ?? "/var/lib/postgresql/\(release)/\(name)"
        guard (try? statusOfPath(Path.join(data, "postmaster.pid"))) != nil, let status = try? statusOfPath(data) else { return nil }
        let socket = settings.value(of: "unix_socket_directories")?.split(separator: ",").first.map { $0.filter { !$0.isWhitespace } }
        return Cluster(
            release: release, name: name, configuration: configuration, data: data, port: settings.value(of: "port") ?? "5432",
            socket: socket ?? "/var/run/postgresql", owner: LocalPeer.name(of: status.uid) ?? "postgres")
    }

    /// Lines for people: what of these servers no store of the file has, as the file would declare it.
    package func proposals(for file: ClusterFile) -> [String] {
        running.flatMap { cluster -> [String] in
            let title = "PostgreSQL \(cluster.release)/\(cluster.name) on this host"
            let hasServer = file.stores.contains { $0.postgres.map { isOf(cluster, $0) } ?? false }
            let hasConfiguration = file.stores.contains {
                $0.kind == .directory && (isSame($0.path, cluster.configuration) || Path.isInside(cluster.configuration, $0.path))
            }
            let configuration =
                "  - {name: \(cluster.name)-configuration, kind: directory, role: content, path: \(cluster.configuration)}"
            if hasServer, hasConfiguration { return [] }
            if hasServer { return ["the configuration of \(title) is in no store; in the cluster file:", configuration] }
            return ["\(title) is in no store; in the cluster file:", server(cluster)] + (hasConfiguration ? [] : [configuration])
        }
    }

    private func server(_ cluster: Cluster) -> String {
        let connection = "host=\(cluster.socket) port=\(cluster.port) user=\(cluster.owner) dbname=postgres"
        let control = { (verb: String) in "\(verb): \"pg_ctlcluster \(cluster.release) \(cluster.name) \(verb)\"" }
        return """
              - name: \(cluster.name)
                kind: postgres
                role: metadata
                connection: "\(connection)"
                data-directory: \(cluster.data)
                service: {\(control("stop")), \(control("start"))}
            """
    }

    private func isOf(_ cluster: Cluster, _ access: PostgresAccess) -> Bool {
        if let data = access.dataDirectory { return isSame(data, cluster.data) }
        let host = ConnectionText.value("host", of: access.connection) ?? "/var/run/postgresql"
        let isLocal = host.hasPrefix("/") ? isSame(host, cluster.socket) : ["localhost", "127.0.0.1", "::1"].contains(host)
        return isLocal && (ConnectionText.value("port", of: access.connection) ?? "5432") == cluster.port
    }

    private func isSame(_ path: String, _ other: String) -> Bool {
        if path == other { return true }
        guard let one = try? statusOfPath("\(path)/."), let two = try? statusOfPath("\(other)/.") else { return false }
        return one.isSameFile(as: two)
    }
}
