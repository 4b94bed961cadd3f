/// A file of `snapshots/` (format section "Snapshots").
package struct SnapshotFile: Hashable, Sendable {
    package var time: NodeTime
    package var parent: SnapshotID?
    package var tree: TreeID
    package var paths: [String]
    package var hostname: String
    package var username: String
    package var uid: UInt32
    package var gid: UInt32
    package var excludes: [String]
    package var tags: [String]
    /// The first id of a snapshot whose file was rewritten.
    package var original: SnapshotID?
    package var programVersion: String
    /// Written by restic 0.17 and later.
    package var summary: SnapshotSummary?

    package init(time: NodeTime, tree: TreeID, paths: [String], hostname: String = "", username: String = "", tags: [String] = []) {
        self.time = time
        self.tree = tree
        self.paths = paths
        self.hostname = hostname
        self.username = username
        self.tags = tags
        uid = 0
        gid = 0
        excludes = []
        programVersion = ""
    }
}

extension SnapshotFile: JSONFile {
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .snapshot)
        var time: NodeTime?
        var tree: TreeID?
        self.init(time: .epoch, tree: TreeID(words: .zero), paths: [])
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try scanner.takeNull() { continue }
            switch key {
            case "time": time = try scanner.time()
            case "parent": parent = try scanner.id()
            case "tree": tree = try scanner.id()
            case "paths": paths = try scanner.texts()
            case "hostname": hostname = try scanner.text()
            case "username": username = try scanner.text()
            case "uid": uid = try scanner.unsigned32()
            case "gid": gid = try scanner.unsigned32()
            case "excludes": excludes = try scanner.texts()
            case "tags": tags = try scanner.texts()
            case "original": original = try scanner.id()
            case "program_version": programVersion = try scanner.text()
            case "summary": summary = try SnapshotSummary(&scanner)
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard let time else { throw scanner.error(.missing("time")) }
        guard let tree else { throw scanner.error(.missing("tree")) }
        self.time = time
        self.tree = tree
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.quotedTime(time)
        writer.member(",\"parent\":", parent)
        writer.member(",\"tree\":", tree)
        writer.raw(",\"paths\":")
        writer.strings(paths)
        writer.member(",\"hostname\":", hostname)
        writer.member(",\"username\":", username)
        writer.member(",\"uid\":", UInt64(uid))
        writer.member(",\"gid\":", UInt64(gid))
        writer.member(",\"excludes\":", excludes)
        writer.member(",\"tags\":", tags)
        writer.member(",\"original\":", original)
        writer.member(",\"program_version\":", programVersion)
        if let summary {
            writer.raw(",\"summary\":")
            summary.write(to: &writer)
        }
        writer.byte(0x7D)
        return writer.finish()
    }
}

extension JSONWriter {
    fileprivate mutating func member<Named>(_ key: StaticString, _ id: ObjectID<Named>?) {
        guard let id else { return }
        raw(key)
        self.id(id)
    }

    fileprivate mutating func member(_ key: StaticString, _ list: [String]) {
        guard !list.isEmpty else { return }
        raw(key)
        strings(list)
    }
}
