/// A part of a cluster and its standby that may be in hostile hands.
enum HostilePart: String, CaseIterable {
    // Without the password: changed as they lie there.
    case key, pack, ours
    // With it: whatever is changed has the right MAC, hash, name and signature.
    case config, index, snapshot, lock, tree, subtree, manifest, content, header, master, notice, report, words
    // Of this host.
    case state, standbyState, clusterFile

    /// A run of the program at one of the two installations.
    struct Command: CustomStringConvertible {
        var arguments: [String]
        var isOfStandby = false

        var description: String { (isOfStandby ? "standby's " : "") + arguments.joined(separator: " ") }
    }

    /// Commands that read it.
    var commands: [Command] {
        switch self {
        case .clusterFile:
            Self.active([
                ["cluster", "status"], ["status"], ["snapshot", "ls"], ["target", "ls"], ["advise"], ["snapshot", "policy", "show"],
            ])
        case .notice: Self.active(Self.watching) + Self.ofStandby
        case .standbyState: Self.ofStandby
        case .report: Self.active(Self.drills + [["status"], ["advise"], ["backup", "policy", "ls"]])
        case .state: Self.active(Self.watching + Self.all + Self.ofState)
        case .config, .index, .snapshot, .tree, .subtree, .manifest, .content, .header, .master, .words:
            Self.active(Self.all) + Self.ofStandby
        case .key, .pack, .ours, .lock: Self.active(Self.all)
        }
    }

    private static func active(_ commands: [[String]]) -> [Command] { commands.map { Command(arguments: $0) } }

    private static let ofStandby = [
        ["standby", "status"], ["standby", "sync"], ["standby", "promote", "--yes"], ["standby", "promote", "--rehearse", "--yes"],
        ["standby", "stop", "--yes"], ["serve", "--once"], ["status"], ["cluster", "status"],
    ].map { Command(arguments: $0, isOfStandby: true) }

    private static let watching = [
        ["standby", "status"], ["status"], ["serve", "--once"], ["snapshot", "create", "x"], ["backup", "create", "--target", "nas"],
        ["standby", "override", "--reason", "a test", "--accept-unsigned", "--yes"], ["cluster", "status"], ["target", "ls"],
    ]

    private static let drills = [
        ["backup", "ls", "--target", "nas"], ["backup", "drill", "b", "--target", "nas"], ["backup", "report", "b", "--target", "nas"],
        ["backup", "show", "b", "--target", "nas"],
    ]

    private static let ofState = [
        ["jobs", "ls"], ["jobs", "show", "1"], ["target", "accept", "nas", "--yes"], ["target", "accept", "--storage", "--yes"],
        ["snapshot", "policy", "simulate"], ["snapshot", "undo", "--yes"], ["cluster", "forget", "--yes"],
        ["backup", "policy", "status", "daily"],
    ]

    private static let all =
        drills + [
            ["backup", "create", "--target", "nas"], ["backup", "create", "--target", "nas", "--mode", "dataless"],
            ["backup", "verify", "b", "--target", "nas", "--read-data"], ["backup", "delete", "b", "--target", "nas", "--yes"],
            ["target", "ls"], ["target", "prune", "nas", "--grace", "0s", "--yes"], ["backup", "policy", "ls"],
            ["cluster", "restore", "b", "--from", "nas", "-c", "new.yaml", "--yes"], ["status"], ["cluster", "status"], ["advise"],
            ["standby", "status"], ["serve", "--once"], ["snapshot", "create", "x"], ["snapshot", "ls"],
            ["snapshot", "restore", "s", "--yes"], ["snapshot", "diff", "s", "s"], ["snapshot", "show", "s"],
            ["snapshot", "validate", "s"], ["snapshot", "prune", "--yes"], ["snapshot", "delete", "s", "--yes"],
            ["snapshot", "extend", "s", "--by", "9d"], ["snapshot", "pin", "s"], ["target", "accept", "nas", "--yes"],
        ]
}
