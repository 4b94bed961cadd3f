import Archiving
import HostIO
import Model
import ResticFormat
import WebHDFS

/// Gives an entry of HDFS the attributes that a node has. What this user may not set, or this cluster does not have, is told and the rest
/// is set all the same.
struct AttributeSetting {
    let client: HDFSClient
    /// Replicas are not asked for beyond this: as many DataNodes as there are.
    let mostReplicas: Int
    let tell: (HDFSPath, String) -> Void

    /// Of an entry that was made anew, or that has `there` now: what is the same is not set again. Times come last, because all else
    /// changes them.
    func set(_ node: Node, on path: HDFSPath, there: Node? = nil) throws {
        let wanted = try EntryAttributes(of: node)
        let present = try there.map { try EntryAttributes(of: $0) } ?? EntryAttributes()
        if node.user != there?.user || node.group != there?.group {
            try excusing(path, "owner \(node.user):\(node.group)") {
                try client.setOwner(of: path, owner: node.user.isEmpty ? nil : node.user, group: node.group.isEmpty ? nil : node.group)
            }
        }
        try setAccess(node, on: path, wanted, there, present)
        try setExtended(node, on: path, there)
        if node.type == .file { try setReplication(wanted, on: path, present) }
        if let policy = wanted.storagePolicy, policy != present.storagePolicy {
            try excusing(path, "storage policy \(policy)") { try client.setStoragePolicy(of: path, policy) }
        }
        if wanted.nameQuota != present.nameQuota || wanted.spaceQuota != present.spaceQuota {
            try excusing(path, "quota") {
                try client.setQuota(of: path, HDFSQuota(names: wanted.nameQuota, space: wanted.spaceQuota))
            }
        }
        if wanted.isSnapshottable == true, present.isSnapshottable != true {
            try excusing(path, "snapshots") { try client.allowSnapshots(of: path) }
        }
        try excusing(path, "times") { try client.setTimes(of: path, modification: node.modificationMilliseconds) }
    }

    /// What must stand before anything is made in a directory: its files inherit it.
    func prepare(_ node: Node, on path: HDFSPath) throws {
        guard let coding = try EntryAttributes(of: node).erasureCoding else { return }
        try excusing(path, "erasure coding \(coding)") { try client.setErasureCoding(of: path, coding) }
    }

    private func setAccess(
        _ node: Node, on path: HDFSPath, _ wanted: EntryAttributes, _ there: Node?, _ present: EntryAttributes
    ) throws {
        if let list = wanted.accessList {
            guard list != present.accessList else { return }
            return try excusing(path, "ACL") { try client.setAccessList(of: path, list) }
        }
        if present.accessList != nil { try excusing(path, "ACL") { try client.removeAccessList(of: path) } }
        let permission = FileMode.posixPermissions(node.mode)
        if present.accessList != nil || there.map({ FileMode.posixPermissions($0.mode) }) != permission {
            try excusing(path, "permissions") { try client.setPermission(of: path, permission) }
        }
    }

    private func setExtended(_ node: Node, on path: HDFSPath, _ there: Node?) throws {
        let wanted = node.hdfsAttributes
        let present = there?.hdfsAttributes ?? []
        for extra in present where !wanted.contains(where: { $0.name == extra.name }) {
            try excusing(path, "attribute \(extra.name)") { try client.removeAttribute(of: path, named: extra.name) }
        }
        for attribute in wanted where !present.contains(attribute) {
            try excusing(path, "attribute \(attribute.name)") { try client.setAttribute(of: path, attribute) }
        }
    }

    private func setReplication(_ wanted: EntryAttributes, on path: HDFSPath, _ present: EntryAttributes) throws {
        guard let replication = wanted.replication.map(capped), let there = present.replication, there != replication else { return }
        try excusing(path, "replication \(replication)") { try client.setReplication(of: path, replication) }
    }

    func capped(_ replication: Int) -> Int { min(replication, max(1, mostReplicas)) }

    private func excusing(_ path: HDFSPath, _ what: String, _ body: () throws -> Void) throws {
        do { try body() } catch let error as HDFSError {
            switch error.kind {
            case .permission, .invalid, .other, .notFound: tell(path, "\(what): \(error.exception ?? error.kind.rawValue)")
            default: throw error
            }
        }
    }
}
