package import HostIO
package import Model
package import ObjectStorage
package import RepositoryEngine
package import StoreContract

/// How declarations become live things: the one seam through which `main` names concrete stores and storages.
package struct Drivers: Sendable {
    package var adapter: @Sendable (_ store: StoreDeclaration, _ file: ClusterFile, _ host: Host) throws -> any StoreAdapter
    /// The place of a repository: a directory, absolute, or an address in HDFS.
    package var place: @Sendable (_ path: String, _ access: HDFSAccess, _ host: Host) throws -> any StoragePlace

    /// What tells one HDFS from another, for an address in it; nil when that cannot be asked.
    package var namespace: @Sendable (_ address: String, _ access: HDFSAccess, _ host: Host) throws -> String? = { _, _, _ in nil }

    /// Lines for people: what of this host no store of the file has.
    package var proposals: @Sendable (_ file: ClusterFile) -> [String] = { _ in [] }

    /// For the lock of a cluster that another Holdfast works on.
    package var patience = LockPatience.none
    /// Of the keys of repositories that are made.
    package var keyCost: KeyDerivationCost

    package init(
        adapter: @escaping @Sendable (StoreDeclaration, ClusterFile, Host) throws -> any StoreAdapter,
        place: @escaping @Sendable (String, HDFSAccess, Host) throws -> any StoragePlace, keyCost: KeyDerivationCost = .standard
    ) {
        self.keyCost = keyCost
        self.adapter = adapter
        self.place = place
    }
}
