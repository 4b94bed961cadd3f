/// Which image of a backup goes into which store of a cluster file.
package struct StoreMatching: Hashable, Sendable {
    package struct Pair: Hashable, Sendable {
        package var record: StoreRecord
        package var declaration: StoreDeclaration
        /// Bytes that a restore of it writes: those of the store, without its holes where that was measured.
        package var room: UInt64
        /// Logical bytes: as the image's trees say where they were measured, otherwise as its record says.
        package var bytes: UInt64
        /// Those of the image.
        package var privileged = PrivilegedEntries()

        package init(record: StoreRecord, declaration: StoreDeclaration) {
            self.record = record
            self.declaration = declaration
            room = record.bytes
            bytes = record.bytes
        }

        /// "215 GB, 4.1 MB without its holes".
        package var size: String { "\(ByteCount(bytes))" + (room < bytes ? ", \(ByteCount(room)) without its holes" : "") }
    }

    /// In the order of the manifest.
    package var pairs: [Pair]
    /// Images that stay out because of `--without`.
    package var without: [StoreRecord]
    /// Stores of the file that the backup has nothing for; they stay as they are.
    package var unfilled: [StoreDeclaration]

    package init(pairs: [Pair], without: [StoreRecord], unfilled: [StoreDeclaration]) {
        self.pairs = pairs
        self.without = without
        self.unfilled = unfilled
    }
}

/// By name. Throws `refused` that names every store of the backup that the file lacks or has as another kind, `notFound` for a name in
/// `without` that the backup does not have.
package func matchStores(of manifest: Manifest, to file: ClusterFile, without: [String]) throws(Failure) -> StoreMatching {
    for name in without where manifest.store(named: name) == nil {
        let near = nearest(to: name, among: manifest.stores.map(\.name)).map { "did you mean \($0)?" }
        throw Failure(
            .notFound, "--without \(printable(name)): \(manifest.kind.rawValue) \(manifest.name) has no such store",
            hint: near ?? "it has \(manifest.stores.map(\.name).joined(separator: ", "))")
    }
    var matching = StoreMatching(pairs: [], without: [], unfilled: [])
    var missing: [String] = []
    for record in manifest.stores {
        if without.contains(record.name) {
            matching.without.append(record)
        } else if let declaration = file.store(named: record.name) {
            try checkKind(of: record, against: declaration, in: file)
            matching.pairs.append(StoreMatching.Pair(record: record, declaration: declaration))
        } else {
            missing.append(record.name)
        }
    }
    guard missing.isEmpty else { throw missingStores(missing, of: manifest, in: file) }
    matching.unfilled = file.stores.filter { manifest.store(named: $0.name) == nil }
    return matching
}

private func checkKind(of record: StoreRecord, against declaration: StoreDeclaration, in file: ClusterFile) throws(Failure) {
    guard record.kind != declaration.kind else { return }
    throw Failure(
        .refused,
        "\(file.place(of: "stores.\(record.name)")): the store \(record.name) is of kind \(declaration.kind.rawValue) here, "
            + "of kind \(record.kind.rawValue) in the backup",
        hint: "declare it as kind \(record.kind.rawValue), or leave it out: --without \(record.name)")
}

private func missingStores(_ missing: [String], of manifest: Manifest, in file: ClusterFile) -> Failure {
    let what = missing.count == 1 ? "store" : "stores"
    return Failure(
        .refused, "\(file.path) lacks the \(what) \(missing.joined(separator: ", ")) of \(manifest.kind.rawValue) \(manifest.name)",
        hint: "add \(missing.count == 1 ? "it" : "them") to the file, or leave \(missing.count == 1 ? "it" : "them") out: "
            + missing.map { "--without \($0)" }.joined(separator: " "))
}
