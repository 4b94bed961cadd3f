import HostIO

/// The mount that a directory lies on, from `/proc/self/mountinfo` (proc(5)).
struct MountAbove {
    /// Where it is mounted.
    let place: String
    /// `fuse.sshfs`, `nfs4`, `ext4`.
    let kind: String
    let source: String
    let options: Set<String>

    /// `path`: real and absolute. Nil when the table says nothing of it.
    init?(of path: String, table: String) {
        var best: (place: String, fields: [Substring])?
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6 else { continue }
            let place = Self.unescaped(fields[4])
            guard path == place || place == "/" || path.hasPrefix(place + "/") else { continue }
            // Of several at one place the last one counts.
            if best.map({ place.utf8.count >= $0.place.utf8.count }) ?? true { best = (place, fields) }
        }
        guard let best, let dash = best.fields.firstIndex(of: "-"), best.fields.count > dash + 2 else { return nil }
        place = best.place
        kind = String(best.fields[dash + 1])
        source = Self.unescaped(best.fields[dash + 2])
        let more = best.fields.count > dash + 3 ? best.fields[dash + 3].split(separator: ",") : []
        options = Set((best.fields[5].split(separator: ",") + more).map(String.init))
    }

    static func find(_ path: String) throws -> MountAbove? {
        MountAbove(of: path, table: String(decoding: try AtomicFile.read("/proc/self/mountinfo"), as: UTF8.self))
    }

    private static func unescaped(_ text: Substring) -> String {
        var text = String(text)
        for (escape, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
            text = text.replacing(escape, with: character)
        }
        return text
    }

    /// Over a network, or from a server.
    var isRemote: Bool {
        kind.hasPrefix("nfs") || kind.hasPrefix("cifs") || kind.hasPrefix("smb") || kind.hasPrefix("fuse") || kind == "ceph" || kind == "9p"
            || kind == "virtiofs"
    }
}
