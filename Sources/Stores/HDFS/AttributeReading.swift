import Archiving
import HostIO
import Model
import ResticFormat
import Synchronization
import WebHDFS

/// Reads what the listing of a directory does not tell of its entries. Policies and quotas are not part of HDFS snapshots: they are those
/// of now, also below `.snapshot`.
final class AttributeReading: Sendable {
    private let client: HDFSClient
    /// Names of storage policies by their ids.
    private let policies = Mutex<[Int: String]>([:])

    /// Attributes as they stand in nodes.
    private let known = Mutex<[EntryAttributes: [ExtendedAttribute]]>([:])
    private static let mostKnown = 1000

    init(_ client: HDFSClient) { self.client = client }

    /// Which attributes are wanted.
    enum Extent {
        case all
        /// Without policies and quotas. HDFS refuses to tell a quota where a directory below may not be listed.
        case keptBySnapshots
    }

    /// Completes the node of an entry. `folder` is the status of its directory: what is inherited from there is not noted. Throws an ``EntryError`` for
    /// what HDFS refuses to tell, when all else is there.
    func complete(
        _ node: inout Node, _ status: HDFSFileStatus, at path: HDFSPath, in folder: HDFSFileStatus?, _ extent: Extent = .all
    ) throws {
        var asking = Asking()
        let own = try own(status, at: path, in: folder, extent, &asking)
        let found = try asking.ask { () throws(HDFSError) in try client.attributes(of: path) } ?? []
        var attributes = found.map { ExtendedAttribute(name: Array($0.name.utf8), value: $0.value) }
        // What a restore by restic and a copy back may have left.
        attributes.removeAll { $0.name == EntryAttributes.attributeName }
        if attributes.isEmpty {
            node.extendedAttributes = try alone(own)
        } else {
            node.extendedAttributes = (attributes + (try alone(own))).sorted { Tree.areInOrder($0.name, $1.name) }
        }
        if let refused = asking.refused { throw EntryError(.unreadable, path: path.description, detail: refused.failure.summary) }
    }

    /// Goes on where HDFS refuses one of several questions about an entry.
    private struct Asking {
        var refused: HDFSError?

        mutating func ask<Answer>(_ question: () throws(HDFSError) -> Answer) throws(HDFSError) -> Answer? {
            do throws(HDFSError) { return try question() } catch {
                switch error.kind {
                case .permission, .invalid, .other: refused = refused ?? error
                default: throw error
                }
                return nil
            }
        }
    }

    private func own(
        _ status: HDFSFileStatus, at path: HDFSPath, in folder: HDFSFileStatus?, _ extent: Extent, _ asking: inout Asking
    ) throws(HDFSError) -> EntryAttributes {
        var own = EntryAttributes()
        if status.kind == .file {
            own.replication = status.erasureCoding == nil ? status.replication : nil
            own.blockSize = status.blockSize
        } else {
            let quota = extent == .all ? try asking.ask { () throws(HDFSError) in try client.quotaUsage(of: path).quota } : nil
            (own.nameQuota, own.spaceQuota) = (quota?.names, quota?.space)
            own.isSnapshottable = status.isSnapshottable ? true : nil
            own.erasureCoding = status.erasureCoding == folder?.erasureCoding ? nil : status.erasureCoding
        }
        if extent == .all, status.storagePolicy != 0, status.storagePolicy != folder?.storagePolicy {
            own.storagePolicy = try asking.ask { () throws(HDFSError) in try policyName(status.storagePolicy, at: path) }
        }
        if status.hasACL {
            own.accessList = try asking.ask { () throws(HDFSError) in try client.accessList(of: path).specification }
        }
        return own
    }

    /// In memory, entries that have the same share it: a directory can have a million of them.
    private func alone(_ own: EntryAttributes) throws -> [ExtendedAttribute] {
        if own.isEmpty { return [] }
        if let known = known.withLock({ $0[own] }) { return known }
        let attribute = [ExtendedAttribute(name: EntryAttributes.attributeName, value: try own.encoded())]
        known.withLock { known in
            if known.count >= Self.mostKnown { known = [:] }
            known[own] = attribute
        }
        return attribute
    }

    private func policyName(_ id: Int, at path: HDFSPath) throws(HDFSError) -> String {
        if let name = policies.withLock({ $0[id] }) { return name }
        let policy = try client.storagePolicy(of: path)
        policies.withLock { $0[policy.id] = policy.name }
        return policy.name
    }
}
