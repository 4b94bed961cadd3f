import Clusters
import ObjectStorage
import Snapshots

/// Where reports of drills lie, as files of one directory.
protocol ReportPlace {
    /// What stands before a file's name where people read it.
    var title: String { get }
    func names() throws -> [String]
    /// Nil when there is none; throws for one of more than `limit` bytes.
    func read(_ name: String, limit: Int) throws -> [UInt8]?
    func write(_ bytes: [UInt8], _ name: String) throws
    func remove(_ name: String) throws
}

/// `holdfast/drills` of a target, which restic passes over.
struct TargetReports: ReportPlace {
    let storage: any ObjectStorage
    var title: String { Self.folder }
    private static let folder = "holdfast/drills"

    func names() throws -> [String] {
        try storage.list(Self.folder).map { String($0.name.text.dropFirst(Self.folder.utf8.count + 1)) }
    }

    func read(_ name: String, limit: Int) throws -> [UInt8]? {
        do throws(StorageError) { return try storage.read(object(name), limit: limit) } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    func write(_ bytes: [UInt8], _ name: String) throws { try storage.write(object(name), bytes) }
    func remove(_ name: String) throws { try storage.remove(object(name)) }
    private func object(_ name: String) -> ObjectName { ObjectName(known: "\(Self.folder)/\(name)") }
}

/// The state of the cluster, for those that a target did not take.
struct StateReports: ReportPlace {
    let state: StateDirectory
    var title: String { state.drillReportsPath }

    func names() throws -> [String] { try state.namesOfDrillReports() }
    func read(_ name: String, limit: Int) throws -> [UInt8]? { try state.drillReport(name, limit: limit) }
    func write(_ bytes: [UInt8], _ name: String) throws { try state.keepDrillReport(bytes, name) }
    func remove(_ name: String) throws { try state.removeDrillReport(name) }
}
