package import Clusters
import DirectoryStore
import HDFSStorage
import HDFSStore
package import HostIO
import Model
import ObjectStorage
import PostgresStore
import SQLiteStore
import StoreContract
import WebHDFS

extension Drivers {
    /// Every concrete store and place that there is; `job` hears what is tried again. `patience`: how long an HDFS that does not answer, or
    /// that is in safe mode, is waited for, as long as a restart of one takes.
    package static func real(_ job: JobControl, patience: Duration = .seconds(60)) -> Drivers {
        let clients = HDFSClients(job, patience: patience)
        var drivers = Drivers(
            adapter: { (store, file, host) throws -> any StoreAdapter in
                switch store.kind {
                case .directory: DirectoryStore(store, nativeImageFolder: file.nativeImageFolder(of: store.name), host: host)
                case .sqlite: SQLiteStore(store, host: host)
                case .postgres:
                    try PostgresStore(declared(store, in: file), nativeImageFolder: file.nativeImageFolder(of: store.name), host: host)
                case .hdfs: HDFSStore(store, try clients.client(store.path, file.hdfs, host), host: host)
                }
            },
            place: { (path, access, host) throws -> any StoragePlace in
                guard HDFSAddress.isMeant(by: path) else { return DirectoryPlace(path) { retrying($0, job) } }
                return HDFSPlace(try clients.client(path, access, host)) { retrying(ReadAheadStorage($0), job) }
            })
        drivers.namespace = { (address, access, host) throws in try clients.client(address, access, host).namespaceID() }
        drivers.proposals = { DebianClusters().proposals(for: $0) }
        return drivers
    }

    /// As the cluster file has it: a manifest does not say how a server is reached.
    private static func declared(_ store: StoreDeclaration, in file: ClusterFile) -> StoreDeclaration {
        var store = store
        store.postgres = store.postgres ?? file.store(named: store.name)?.postgres
        return store
    }

    private static func retrying(_ storage: any ObjectStorage, _ job: JobControl) -> any ObjectStorage {
        RetryingStorage(storage, sleep: { job.sleep(for: $0) }, goesOn: { !job.isCancelled }) { error in
            job.note("trying again: \(error.failure.summary)")
        }
    }
}
