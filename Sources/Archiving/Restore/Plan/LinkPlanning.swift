import ResticFormat

/// A file with several links in the image or in the destination.
struct LinkedFile: Sendable {
    let node: Node
    /// nil: not in the destination.
    let there: Node?
    let directory: PlannedDirectory
    let hasSameContent: Bool
}

/// Decides which files keep their inode, which are written, and which become links, when all files with several links are known.
struct LinkPlanning {
    let run: PlanRun

    private struct Inode: Hashable {
        let inode: UInt64
        let device: UInt64

        init(_ node: Node) { (inode, device) = (node.inode, node.deviceID) }
    }

    func resolve(_ files: [LinkedFile]) {
        let sorted = files.map { (path: $0.directory.source.handle.path(of: $0.node.name), file: $0) }.sorted { $0.path < $1.path }.map(
            \.file)
        var groups: [[LinkedFile]] = []
        var groupOf: [LinkKey: Int] = [:]
        for file in sorted {
            if let key = LinkKey(file.node) {
                if let group = groupOf[key] {
                    groups[group].append(file)
                    continue
                }
                groupOf[key] = groups.count
            }
            groups.append([file])
        }
        var taken: Set<Inode> = []
        for group in groups { resolve(group, &taken) }
    }

    /// The first that has the content and whose inode no other group uses stays; the others become links to it. Without one the first to
    /// be written is linked to.
    private func resolve(_ group: [LinkedFile], _ taken: inout Set<Inode>) {
        let leader = group.first { file in file.hasSameContent && file.there.map { !taken.contains(Inode($0)) } ?? false }
        let inode = leader?.there.map(Inode.init)
        if let inode { taken.insert(inode) }
        if let leader, let key = LinkKey(leader.node) {
            let location = EntryLocation(directory: leader.directory.source.handle, name: leader.node.name)
            run.count { $0.linkTargets[key] = location }
        }
        var isMetadataSettled = false
        var isWritten = leader != nil
        for file in group {
            guard let there = file.there else {
                create(file, bytes: isWritten ? 0 : file.node.size)
                isWritten = true
                continue
            }
            if let inode, Inode(there) == inode {
                // One inode: what is set through one name is set for all.
                if isMetadataSettled {
                    run.count { $0.unchanged += 1 }
                } else {
                    run.settle(file.node, there, file.directory, hasSameContent: true)
                }
                isMetadataSettled = true
            } else {
                run.settle(file.node, there, file.directory, hasSameContent: false, isLink: isWritten)
                isWritten = true
            }
        }
    }

    private func create(_ file: LinkedFile, bytes: UInt64) {
        run.add(.write(file.node), to: file.directory)
        run.count { plan in
            plan.created += 1
            plan.bytesToWrite.grow(by: bytes)
        }
    }
}
