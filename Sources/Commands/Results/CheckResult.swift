import RepositoryEngine

/// What a check proved.
struct CheckResult: Encodable {
    var sound: Bool
    var trees: Int
    var blobs: Int
    var packs: Int
    var packsRead: Int
    var bytesRead: UInt64
    var problems: [String]

    init(_ report: CheckReport, otherProblems: [String] = []) {
        trees = report.trees
        blobs = report.blobs
        packs = report.packs
        packsRead = report.packsRead
        bytesRead = report.bytesRead
        problems = report.problems.map(\.text) + otherProblems
        sound = problems.isEmpty
    }
}
