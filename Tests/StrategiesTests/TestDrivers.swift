import Clusters
import DirectoryStore
import HostIO
import Model
import ObjectStorage
import SQLiteStore
import StoreContract

extension Drivers {
    /// The real stores and storages, as `main` names them.
    static let real = Drivers(
        adapter: { store, images, host in
            switch store.kind {
            case .directory: DirectoryStore(store, nativeImageFolder: images, host: host)
            case .sqlite: SQLiteStore(store, host: host)
            }
        },
        storage: { DirectoryStorage($0) })
}
