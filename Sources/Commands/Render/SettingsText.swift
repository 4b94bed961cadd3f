import Clusters
import Model

/// What was taken over of the policies and targets that a cluster had, line by line, each with the command for what is not as it was.
struct SettingsText {
    /// What names the cluster in a command.
    let suffix: String

    /// `source`: "the backup nightly". Nil settings: it does not say.
    func lines(_ settings: [TakenSetting]?, from source: String) -> [String] {
        guard let settings else {
            return [
                "\(source) does not say which policies and targets there were: those of a new cluster are in force",
                "  holdfast snapshot policy update, target add and backup policy create bring others\(suffix)",
            ]
        }
        guard !settings.isEmpty else { return ["policies and targets are as \(source) has them"] }
        return ["policies and targets of \(source):"] + settings.flatMap(lines)
    }

    private func lines(_ setting: TakenSetting) -> [String] {
        let name = setting.name.map { " \(Visible.line($0))" } ?? ""
        let reason = setting.reason.map { " (\(Visible.line($0)))" } ?? ""
        let word = setting.isTaken ? "taken over" : "NOT taken over"
        return ["  \(Self.words(setting.kind))\(name): \(printable(setting.text, limit: 200)): \(word)\(reason)"]
            + (setting.command.map { ["    holdfast \(Visible.line($0))\(suffix)"] } ?? [])
    }

    private static func words(_ kind: TakenSetting.Kind) -> String {
        switch kind {
        case .snapshotPolicy: "snapshot policy"
        case .backupPolicy: "backup policy"
        case .target: "target"
        }
    }
}
