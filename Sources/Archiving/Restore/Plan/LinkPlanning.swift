import ResticFormat

/// An entry with several links in the image or in the destination.
struct LinkedEntry: Sendable {
    let node: Node
    /// nil: not in the destination.
    let there: Node?
    let directory: PlannedDirectory
    let hasSameContent: Bool
    /// That writing it takes.
    let bytes: UInt64
}

/// Decides which entries keep their inode, which are written, and which become links, when all with several links are known.
struct LinkPlanning {
    let run: PlanRun

    private struct Inode: Hashable {
        let inode: UInt64
        let device: UInt64

        init(_ node: Node) { (inode, device) = (node.inode, node.deviceID) }
    }

    func resolve(_ entries: [LinkedEntry]) {
        let sorted = entries.map { (path: $0.directory.source.handle.path(of: $0.node.name), entry: $0) }.sorted { $0.path < $1.path }.map(
            \.entry)
        var groups: [[LinkedEntry]] = []
        var groupOf: [LinkKey: Int] = [:]
        for entry in sorted {
            if let key = LinkKey(entry.node) {
                if let group = groupOf[key] {
                    groups[group].append(entry)
                    continue
                }
                groupOf[key] = groups.count
            }
            groups.append([entry])
        }
        var taken: Set<Inode> = []
        for group in groups { resolve(group, &taken) }
    }

    /// The first that has the content and whose inode no other group uses stays; the others become links to it. Without one the first to
    /// be written is linked to.
    private func resolve(_ group: [LinkedEntry], _ taken: inout Set<Inode>) {
        let leader = group.first { entry in entry.hasSameContent && entry.there.map { !taken.contains(Inode($0)) } ?? false }
        let inode = leader?.there.map(Inode.init)
        if let inode { taken.insert(inode) }
        if let leader, let key = LinkKey(leader.node) {
            let location = EntryLocation(directory: leader.directory.source.handle, name: leader.node.name)
            run.count { $0.linkTargets[key] = location }
        }
        var isMetadataSettled = false
        var isWritten = leader != nil
        for entry in group {
            guard let there = entry.there else {
                create(entry, bytes: isWritten ? 0 : entry.bytes)
                isWritten = true
                continue
            }
            if let inode, Inode(there) == inode {
                // One inode: what is set through one name is set for all.
                if isMetadataSettled {
                    run.count { $0.unchanged += 1 }
                } else {
                    run.settle(entry.node, there, entry.directory, hasSameContent: true)
                }
                isMetadataSettled = true
            } else {
                run.settle(entry.node, there, entry.directory, hasSameContent: false, isLink: isWritten, bytes: entry.bytes)
                isWritten = true
            }
        }
    }

    private func create(_ entry: LinkedEntry, bytes: UInt64) {
        run.add(.write(entry.node), to: entry.directory)
        run.gives(entry.node.right, entry.directory.source.handle.path(of: entry.node.name))
        run.count { plan in
            plan.created += 1
            plan.bytesToWrite.grow(by: bytes)
        }
    }
}
