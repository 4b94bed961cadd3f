/// Decides which NameNode is asked next, when, and whether at all. Knows neither clock nor network.
struct Failover: Hashable {
    /// What came of asking one.
    enum Outcome: Hashable {
        /// Another may do better: it does not answer, is not active, or is not ready.
        case elsewhere
        case safeMode
    }

    enum Step: Hashable {
        case ask(node: Int, after: Duration)
        case giveUp
    }

    private let count: Int
    private let patience: Duration
    private let safeModePatience: Duration
    /// The one to ask.
    private(set) var node: Int
    private var failedInRound = 0
    private var pause = firstPause

    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(3)

    /// Of `count` NameNodes, `first` is asked first.
    init(count: Int, first: Int, patience: Duration, safeModePatience: Duration) {
        self.count = count
        self.patience = patience
        self.safeModePatience = safeModePatience
        node = first
    }

    /// `elapsed` since the first was asked. All are asked once before there is a pause; pauses double.
    mutating func next(after outcome: Outcome, elapsed: Duration) -> Step {
        switch outcome {
        case .safeMode: return wait(elapsed, within: safeModePatience)
        case .elsewhere:
            node = (node + 1) % count
            failedInRound += 1
            if failedInRound < count { return .ask(node: node, after: .zero) }
            failedInRound = 0
            return wait(elapsed, within: patience)
        }
    }

    private mutating func wait(_ elapsed: Duration, within patience: Duration) -> Step {
        let now = pause
        guard elapsed + now <= patience else { return .giveUp }
        pause = min(pause * 2, Self.longestPause)
        return .ask(node: node, after: now)
    }
}
