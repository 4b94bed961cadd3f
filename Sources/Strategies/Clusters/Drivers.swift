package import HostIO
package import Model
package import ObjectStorage
package import RepositoryEngine
package import StoreContract

/// How declarations become live things: the one seam through which `main` names concrete stores and storages.
package struct Drivers: Sendable {
    /// `nativeImages`: the folder of the cluster's storage that is this store's for native images.
    package var adapter: @Sendable (_ store: StoreDeclaration, _ nativeImages: String, _ host: Host) throws -> any StoreAdapter
    /// The place of a repository: a directory, absolute.
    package var storage: @Sendable (_ path: String) throws -> any ObjectStorage

    /// Of the keys of repositories that are made.
    package var keyCost: KeyDerivationCost

    package init(
        adapter: @escaping @Sendable (StoreDeclaration, String, Host) throws -> any StoreAdapter,
        storage: @escaping @Sendable (String) throws -> any ObjectStorage, keyCost: KeyDerivationCost = .standard
    ) {
        self.keyCost = keyCost
        self.adapter = adapter
        self.storage = storage
    }
}
