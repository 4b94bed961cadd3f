import Glibc

/// A mount, as `/proc/self/mountinfo` has it (proc(5)).
struct MountEntry: Hashable, Sendable {
    /// `fuse.sshfs`, `nfs4`, `ext4`.
    var kind: String
    /// `/dev/vda1`, `server:/export`, `user@host:/srv`.
    var source: String

    /// The mount that an open descriptor lies on, whatever paths lead there; nil where the kernel does not say.
    init?(under descriptor: borrowing Descriptor) throws(SystemError) {
        let facts = String(decoding: try AtomicFile.read("/proc/self/fdinfo/\(descriptor.raw)"), as: UTF8.self)
        let line = facts.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }
        guard let number = line?.split(whereSeparator: \.isWhitespace).last else { return nil }
        self.init(numbered: number, table: String(decoding: try AtomicFile.read("/proc/self/mountinfo"), as: UTF8.self))
    }

    init?(numbered number: some StringProtocol, table: String) {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.first.map({ $0 == number }) == true, let dash = fields.firstIndex(of: "-"), fields.count > dash + 2 else {
                continue
            }
            kind = String(fields[dash + 1])
            source = Self.unescaped(fields[dash + 2])
            return
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        var text = String(text)
        for (escape, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
            text = text.replacing(escape, with: character)
        }
        return text
    }
}
