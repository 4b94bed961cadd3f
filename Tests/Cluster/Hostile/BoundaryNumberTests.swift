import HostIO
import TestSupport
import Testing

/// Every option that takes a number, a length of time, an instant or a rule, with what lies at the ends of what programs keep numbers in: it is taken or
/// refused, and nothing else.
@Suite(.timeLimit(.minutes(120))) struct BoundaryNumberTests {
    private static let numbers = [
        "0", "-0", "1", "-1", "2147483647", "2147483648", "4294967295", "4294967296", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "0.5",
        "-1.5",
        "1e18", "1e308", "1e400", "1e-400", "nan", "-inf", "0x10", "٣", String(repeating: "9", count: 400),
    ]
    private static let lengths = numbers.flatMap { number in ["", "s", "h", "d", "w"].map { number + $0 } } + ["99999999999999d", "1d1d"]
    private static let instants = [
        "9999-12-31T23:59:59Z", "292277026596-01-01T00:00:00Z", "-292277022656-01-01", "0000-00-00T00:00:00Z", "2026-02-30", "25:00",
        "02:99",
    ]
    private static let rules = numbers.flatMap { ["\($0)@1d", "7@\($0)d", "\($0)@\($0)w", "1@1h,4@\($0)d", $0] }

    private static let options: [(command: [String], option: String, values: [String])] = [
        (["target", "prune", "nas", "--dry-run"], "--grace", lengths), (["snapshot", "ls"], "--wait", lengths),
        (["snapshot", "create", "t"], "--ttl", lengths + instants), (["snapshot", "extend", "s"], "--by", lengths),
        (["snapshot", "restore", "s", "--dry-run"], "--max-entries", numbers), (["snapshot", "policy", "simulate"], "--days", numbers),
        (["backup", "policy", "simulate", "p"], "--days", numbers), (["snapshot", "policy", "update"], "--every", lengths),
        (["snapshot", "policy", "update"], "--offset", lengths), (["snapshot", "policy", "update"], "--keep", rules),
        (["snapshot", "policy", "update"], "--rpo", lengths), (["snapshot", "policy", "update"], "--rto", lengths),
        (["snapshot", "policy", "update"], "--manual-warn", numbers), (["snapshot", "policy", "update"], "--manual-refuse", numbers),
        (["backup", "policy", "update", "p"], "--every", lengths), (["backup", "policy", "update", "p"], "--keep", rules),
        (["backup", "policy", "update", "p"], "--verify", numbers.map { "\($0)%" }),
        (["backup", "policy", "update", "p"], "--drill", lengths),
        (["backup", "verify", "b", "--target", "nas"], "--sample", numbers.map { "\($0)%" } + numbers),
        (["snapshot", "diff", "s", "s"], "--examples", numbers), (["jobs", "ls"], "--last", numbers), (["jobs", "show"], "", numbers),
        (["standby", "promote"], "--patience", lengths), (["demo"], "--megabytes", ["-1", "9223372036854775807", "9223372036854775808"]),
    ]

    @Test func `a number at a boundary in any option is taken or refused`() throws {
        let cluster = try SampleCluster(.init(stores: ["uploads"]))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b")
        try cluster.succeed("backup", "policy", "create", "p", "--target", "nas", "--every", "1d", "--keep", "7@1d")
        let cases = Self.options.flatMap { entry in
            entry.values.map { entry.command + [entry.option.isEmpty ? $0 : "\(entry.option)=\($0)"] }
        }
        for arguments in drawn(cases, oneIn: 80, "boundary numbers") {
            let wrapper = ["prlimit", "--data=\(1 << 30)", "--core=0"]
            let file = arguments.first == "demo" ? [] : ["-c", cluster.file]
            let outcome = try ChildProcess(
                wrapper + [HoldfastProgram.path] + arguments + file, workingDirectory: cluster.root, timeout: .seconds(60),
                outputLimit: 4 << 20
            ).run()
            guard case .exited(let status) = outcome.ending else {
                Issue.record("\(arguments): \(outcome.ending): \(outcome.errorText.suffix(300))")
                continue
            }
            #expect(status != 1 && status <= 130, "\(arguments): \(status): \(outcome.errorText.suffix(300))")
        }
    }
}
