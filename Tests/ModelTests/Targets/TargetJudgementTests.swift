import Model
import Testing

@Suite struct TargetJudgementTests {
    @Test func `each figure is judged by what it means for backups`() {
        func verdict(_ finding: TargetAnalysis.Finding) -> TargetAnalysis.Verdict { finding.verdict }
        #expect(TargetJudgement.space(free: 1 << 20, total: 1 << 40).verdict == .unfit)
        #expect(TargetJudgement.space(free: 5 << 30, total: 10 << 30).verdict == .usable)
        #expect(TargetJudgement.space(free: 50 << 30, total: 1 << 40).verdict == .usable)
        #expect(TargetJudgement.space(free: 500 << 30, total: 1 << 40).verdict == .good)
        #expect(TargetJudgement.space(free: 0, total: 0).verdict == .unfit)
        #expect(TargetJudgement.files(free: 0, total: 0).verdict == .good)
        #expect(TargetJudgement.files(free: 10, total: 1000).verdict == .unfit)
        #expect(TargetJudgement.files(free: 50_000, total: 1_000_000).verdict == .usable)
        for (seconds, expected) in [
            (0.5, TargetAnalysis.Verdict.good), (-9, .good), (60, .usable), (-1200, .usable), (-1501, .unfit), (3600, .unfit),
        ] {
            #expect(TargetJudgement.clock(seconds).verdict == expected, "\(seconds)")
        }
        #expect(TargetJudgement.clock(-60).message.contains("behind") && TargetJudgement.clock(60).message.contains("ahead"))
        #expect(TargetJudgement.throughput(writing: 100e6, reading: 90e6).verdict == .good)
        #expect(TargetJudgement.throughput(writing: 100e6, reading: 9e6).verdict == .usable)
        #expect(TargetJudgement.throughput(writing: 0.5e6, reading: 90e6).verdict == .unfit)
        #expect(TargetJudgement.throughput(writing: 0, reading: 0).verdict == .unfit)
        #expect(TargetJudgement.sync(3e-6, isInMemory: false).verdict == .usable)
        #expect(TargetJudgement.sync(2e-3, isInMemory: false).verdict == .good)
        #expect(TargetJudgement.sync(2e-3, isInMemory: true).verdict == .unfit)
        #expect(TargetJudgement.latency(0.01).verdict == .good && TargetJudgement.latency(2).verdict == .usable)
    }

    @Test func `the worst finding counts, and whatever is not good says what to do`() {
        let good = TargetAnalysis.Finding("a", .good, "fine")
        let warning = TargetJudgement.throughput(writing: 9e6, reading: 9e6)
        let bad = TargetJudgement.clock(4000)
        #expect(TargetAnalysis(path: "/x", findings: [good], seconds: 1).verdict == .good)
        #expect(TargetAnalysis(path: "/x", findings: [good, warning, good], seconds: 1).verdict == .usable)
        #expect(TargetAnalysis(path: "/x", findings: [bad, warning], seconds: 1).verdict == .unfit)
        #expect(TargetAnalysis(path: "/x", findings: [], seconds: 1).verdict == .unfit, "nothing tried is nothing proven")
        #expect(warning.remedy != nil && bad.remedy != nil)
    }
}
