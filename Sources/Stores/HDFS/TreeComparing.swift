import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import WebHDFS

/// Compares an image with a directory of HDFS by names, lengths and times: what a writing of it would change.
struct TreeComparing {
    private let client: HDFSClient
    private let image: ImageTree
    private let spared: SparedEntries
    private let job: JobControl
    private var root = ""
    private var plan = StoreRestorePlan()

    init(_ client: HDFSClient, image: ImageTree, spared: SparedEntries, job: JobControl) {
        self.spared = spared
        self.client = client
        self.image = image
        self.job = job
    }

    func run(_ path: HDFSPath) throws -> StoreRestorePlan {
        var run = self
        run.root = path.description
        let reader = try ImageReader(image)
        let status = try client.status(of: path)
        run.plan.makesPlace = status?.kind != .directory
        run.plan.intoEmpty = status == nil || (status?.kind == .directory && status?.childCount == 0)
        // Level by level in depth, with one directory of the image in memory for each.
        var waiting: [(ImageDirectory, HDFSPath, isThere: Bool)] = [(try reader.root().0, path, status?.kind == .directory)]
        while let (directory, place, isThere) = waiting.popLast() {
            try job.checkCancelled()
            waiting += try run.compare(try reader.nodes(of: directory), place, isThere).map { node, place, isThere in
                (try reader.directory(node, in: directory), place, isThere)
            }
        }
        return run.plan
    }

    private mutating func compare(_ nodes: [Node], _ path: HDFSPath, _ isThere: Bool) throws -> [(Node, HDFSPath, isThere: Bool)] {
        var present: [[UInt8]: HDFSFileStatus] = [:]
        do { if isThere { try client.forEachEntry(of: path) { present[$0.name] = $0 } } } catch let error as HDFSError
            where error.kind == .permission && path.description != root
        {
            plan.unexamined += 1
            plan.example("cannot look into \(path)")
            return []
        }
        var directories: [(Node, HDFSPath, isThere: Bool)] = []
        for node in nodes {
            guard let place = path.appending(node.name) else { continue }
            let there = present.removeValue(forKey: node.name)
            if node.type == .dir { directories.append((node, place, there?.kind == .directory)) }
            note(node, there, place)
        }
        for (name, status) in present {
            guard !spared.contains(path.appending(name)?.below(root) ?? "") else {
                plan.spared += 1
                continue
            }
            plan.deleted += 1
            plan.bytesFreed += status.length
            plan.loses(status.modificationTime)
            plan.example("delete \(path)/\(FileName.text(name))")
        }
        return directories
    }

    private mutating func note(_ node: Node, _ there: HDFSFileStatus?, _ place: HDFSPath) {
        let isFile = node.type == .file
        guard let there, (there.kind == .file) == isFile else {
            plan.created += 1
            plan.bytesToWrite = plan.bytesToWrite.addingReportingOverflow(node.size).partialValue
            return plan.example("create \(place)")
        }
        if isFile, there.length != node.size || there.modificationTime != node.modificationMilliseconds {
            plan.replaced += 1
            plan.bytesToWrite = plan.bytesToWrite.addingReportingOverflow(node.size).partialValue
            plan.bytesFreed += there.length
            plan.loses(there.modificationTime)
            plan.example("replace \(place)")
        } else if there.permission != FileMode.posixPermissions(node.mode) || there.owner != node.user || there.group != node.group {
            plan.metadataOnly += 1
            plan.example("metadata \(place)")
        } else {
            plan.unchanged += 1
        }
    }
}
