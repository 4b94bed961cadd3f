import HostIO
import Model
import RepositoryEngine

extension Cluster {
    /// The page to print and keep apart from the cluster: how to recover with restic alone. Holds no secret.
    package func recoverySheet() throws -> String { try recoverySheet(storageID: try storage().id) }

    func recoverySheet(storageID: String) throws -> String {
        let targets = try state.load() == nil ? file.targets.map { TargetPlace(name: $0.name, path: $0.path) } : try targets()
        let password =
            switch file.password {
            case .file(let path): "the first line of \(path)"
            case .command(let command): "what this command prints: \(command)"
            }
        let option =
            switch file.password {
            case .file(let path): "--password-file \(path)"
            case .command: "--password-command '…'"
            }
        let first = targets.first?.path ?? "TARGET"
        var lines = [
            "RECOVERY SHEET of cluster \(file.name)              written \(host.clock.now().readable)",
            "",
            "Print this page, write the password on it or where you keep such things, and",
            "store it apart from the cluster. Without the password nothing can be read.",
            "",
            "  password     \(password)",
            "  snapshots    \(file.storage)",
            "               restic repository \(storageID.prefix(10))",
        ]
        if HDFSAddress.isMeant(by: file.storage) {
            lines.append("               (restic does not speak HDFS: hdfs dfs -get it to a disk first)")
        }
        for target in targets { lines.append("  backups      \(target.path)  (target \(target.name))") }
        if targets.isEmpty { lines.append("  backups      none yet: holdfast target add NAME PATH") }
        lines += [
            "",
            "With Holdfast:",
            "  holdfast cluster restore BACKUP --from \(first) -c NEWFILE",
            "",
            "With restic 0.14 or newer, and nothing of Holdfast:",
            "  restic -r \(first) \(option) unlock      (left by what died)",
            "  restic -r \(first) \(option) snapshots",
            "  restic -r \(first) \(option) check --read-data",
            "  restic -r \(first) \(option) restore ID --target /empty/dir",
            "",
            "Every snapshot holds /manifest.json, which says what is in it, and one directory",
            "a store below /stores. What to put where:",
        ]
        for store in file.stores { lines.append("  /stores/\(store.name)  →  \(Self.wayBack(store))") }
        if file.stores.contains(where: { $0.kind == .postgres }) { lines += Self.warning }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A command of psql begins with a backslash anywhere in a line, in all releases.
    private static let warning = [
        "", "Before psql -f globals.sql: psql obeys what follows a backslash, as you, programs of the shell among it.",
        "grep -n '\\\\' globals.sql  may show \\restrict and \\unrestrict, and nothing else that you do not know.",
    ]

    private static func wayBack(_ store: StoreDeclaration) -> String {
        switch store.kind {
        case .directory: store.path
        case .sqlite: "\(store.path)  (with the application stopped; remove -wal and -shm)"
        case .postgres: "a new server  (of a backup: psql -f globals.sql, then pg_restore --create of each in databases/)"
        case .hdfs: "\(store.path)  (hdfs dfs -put; owners and permissions stand in the tree)"
        }
    }
}
