import HostIO

package enum FileTree {
    /// Paths of all that is not a directory below `root`, relative to it, sorted.
    package static func files(below root: String) throws -> [String] {
        var found: [String] = []
        try walk(try Descriptor.openDirectory(root), "", &found)
        return found.sorted()
    }

    private static func walk(_ folder: borrowing Descriptor, _ prefix: String, _ found: inout [String]) throws {
        for entry in try folder.entries() {
            let name = prefix + String(decoding: entry.name, as: UTF8.self)
            if entry.kind == .directory {
                try walk(try folder.openDirectory(entry.name), name + "/", &found)
            } else {
                found.append(name)
            }
        }
    }
}
