import Model
import RepositoryEngine

/// What a check proved, as people read it.
struct CheckText {
    /// Lines: what is there, and how much of it was read.
    static func proof(_ report: CheckReport) -> [String] {
        let there = "  \(counted(report.trees, "tree")), \(counted(report.blobs, "blob")) and \(counted(report.packs, "pack")) are there"
        if report.packsRead == 0 { return [there, "  their content was not read; --read-data reads all of it"] }
        let read = ByteCount(report.bytesRead).text
        if report.packsRead >= report.packs { return [there, "  every byte was read and proven (\(read))"] }
        return [there, "  \(counted(report.packsRead, "pack")) read and proven (\(read))"]
    }

    /// The first of `problems`, and how many more there are.
    static func problems(_ problems: [String], limit: Int = 10) -> [String] {
        problems.prefix(limit).map { "  " + printable($0, limit: 300) }
            + (problems.count > limit ? ["  and \(grouped(problems.count - limit)) more"] : [])
    }
}
