import Testing

@testable import WebHDFS

@Suite struct FailoverTests {
    @Test func allAreAskedOnceBeforeThereIsAPause() {
        var failover = Failover(count: 3, first: 1, patience: .seconds(10), safeModePatience: .zero)
        #expect(failover.next(after: .elsewhere, elapsed: .zero) == .ask(node: 2, after: .zero))
        #expect(failover.next(after: .elsewhere, elapsed: .zero) == .ask(node: 0, after: .zero))
        #expect(failover.next(after: .elsewhere, elapsed: .zero) == .ask(node: 1, after: .milliseconds(100)))
        #expect(failover.next(after: .elsewhere, elapsed: .zero) == .ask(node: 2, after: .zero))
    }

    @Test func pausesDoubleUpToThreeSecondsAndEndWithThePatience() {
        var failover = Failover(count: 1, first: 0, patience: .seconds(20), safeModePatience: .zero)
        var elapsed = Duration.zero
        var pauses: [Duration] = []
        while case .ask(0, let pause) = failover.next(after: .elsewhere, elapsed: elapsed) {
            pauses.append(pause)
            elapsed += pause
        }
        #expect(
            pauses.prefix(6) == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .seconds(3),
            ])
        #expect(elapsed <= .seconds(20) && elapsed > .seconds(16))
    }

    @Test func withoutPatienceOthersAreStillAsked() {
        var failover = Failover(count: 2, first: 0, patience: .zero, safeModePatience: .zero)
        #expect(failover.next(after: .elsewhere, elapsed: .seconds(5)) == .ask(node: 1, after: .zero))
        #expect(failover.next(after: .elsewhere, elapsed: .seconds(10)) == .giveUp)
    }

    @Test func safeModeIsWaitedForAtTheSameNodeWithAPatienceOfItsOwn() {
        var failover = Failover(count: 2, first: 1, patience: .zero, safeModePatience: .seconds(1))
        #expect(failover.next(after: .safeMode, elapsed: .zero) == .ask(node: 1, after: .milliseconds(100)))
        #expect(failover.next(after: .safeMode, elapsed: .milliseconds(950)) == .giveUp)
        var impatient = Failover(count: 2, first: 0, patience: .seconds(9), safeModePatience: .zero)
        #expect(impatient.next(after: .safeMode, elapsed: .zero) == .giveUp)
    }
}
