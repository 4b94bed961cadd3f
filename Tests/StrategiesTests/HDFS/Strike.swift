import Clusters
import HostIO
import Model
import ObjectStorage
import Synchronization
import TestSupport

/// Something that happens once, right before a storage is asked for something for the n-th time.
final class Strike: Sendable {
    private let kind: StorageOperation.Kind
    private let folder: String
    private let place: String
    private let left: Mutex<Int>
    private let body: @Sendable () throws -> Void
    private let problem = Mutex<String?>(nil)

    /// `place` is a part of the storage's location, `folder` the beginning of the object's name.
    init(
        at place: String, before kind: StorageOperation.Kind, of folder: String, number: Int = 1,
        _ body: @escaping @Sendable () throws -> Void
    ) {
        self.place = place
        self.kind = kind
        self.folder = folder
        self.body = body
        left = Mutex(number)
    }

    /// Nil when it has struck and nothing went wrong with that.
    var fault: String? { left.withLock { $0 } > 0 ? "it has not struck" : problem.withLock { $0 } }

    fileprivate func hear(_ operation: StorageOperation) {
        guard operation.kind == kind, operation.object.hasPrefix(folder) else { return }
        let isTime = left.withLock { left in
            left -= 1
            return left == 0
        }
        guard isTime else { return }
        do { try body() } catch { problem.withLock { $0 = "\(error)" } }
    }

    /// `drivers`, with this in the storage.
    func into(_ drivers: Drivers) -> Drivers {
        var drivers = drivers
        let open = drivers.place
        drivers.place = { [self] path, access, host in
            let base = try open(path, access, host)
            return path.contains(place) ? StrikingPlace(base: base, strike: self) : base
        }
        return drivers
    }
}

private struct StrikingPlace: StoragePlace {
    let base: any StoragePlace
    let strike: Strike

    var location: String { base.location }
    var objectSize: Int { base.objectSize }
    func storage() throws -> any ObjectStorage { WatchedStorage(try base.storage(), before: { [strike] in strike.hear($0) }) }
    func make() throws(StorageError) { try base.make() }
    func names() throws(StorageError) -> [String]? { try base.names() }
    func remove(_ name: String) throws(StorageError) { try base.remove(name) }
}
