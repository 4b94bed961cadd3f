package import Archiving
package import HostIO
import Model
import NativeImages
import StoreContract

extension DirectoryStore {
    package func obstaclesToDestroying(job: JobControl) throws -> [RemovalObstacles] {
        guard try statusOfPath(path) != nil else { return [] }
        return try asStoreFailure { [try obstacles(in: try openRoot(), job)] }
    }

    private func obstacles(in root: SharedDescriptor, _ job: JobControl) throws -> RemovalObstacles {
        try RemovalObstacles(in: root.descriptor, excluding: try excludedNames(), job: job)
    }

    func refuseObstacles(in root: SharedDescriptor, _ job: JobControl) throws {
        try RemovalObstacles.refuse([try obstacles(in: root, job)])
    }

    /// What an operator should know of the store; a snapshot of a subvolume shows one instant, databases included.
    func notes(_ census: Census, _ mounts: MountPoints, _ support: NativeSupport) throws -> [String] {
        var notes: [String] = []
        if !mounts.walked.isEmpty { notes.append("mounted inside, and part of the store: \(mounts.walked.joined(separator: ", "))") }
        if !mounts.leftOut.isEmpty {
            notes.append("mounted inside, and left out, because the kernel makes it up: \(mounts.leftOut.joined(separator: ", "))")
        }
        if census.silent.count > 0 { notes.append("does not answer, and is in no image: \(census.silent.text)") }
        if census.databases.count > 0, support.method != .subvolume {
            notes.append(
                "a database that is in use, of which a copy of the files may be torn: \(census.databases.text); "
                    + "declare it as a store of kind sqlite or postgres; stop or dump others with quiesce hooks")
        }
        if census.flagged.count > 0 { notes.append("flags of inodes (lsattr), which are not kept: \(census.flagged.text)") }
        return notes
    }
}
