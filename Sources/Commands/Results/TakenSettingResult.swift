import Clusters

/// One of the policies and targets that a cluster had, and what became of it.
struct TakenSettingResult: Encodable {
    /// `snapshot-policy`, `backup-policy`, `target`.
    var kind: TakenSetting.Kind
    /// Null for the snapshot policy.
    var name: OrNull<String>
    var text: String
    var taken: Bool
    /// Why it was not taken over, or is disabled.
    var reason: OrNull<String>
    /// What brings or enables it.
    var command: OrNull<String>

    init(_ setting: TakenSetting, suffix: String) {
        kind = setting.kind
        name = OrNull(setting.name)
        text = setting.text
        taken = setting.isTaken
        reason = OrNull(setting.reason)
        command = OrNull(setting.command.map { "holdfast \($0)\(suffix)" })
    }
}
