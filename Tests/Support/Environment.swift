import Glibc

/// nil when the variable is unset or empty.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name), value[0] != 0 else { return nil }
    return String(cString: value)
}

/// Whether the tests may mount file systems.
package var isRoot: Bool { geteuid() == 0 }

/// Whether every case is tried: `make test-long`. Otherwise some of many like ones are, drawn anew in each run.
package var isLongRun: Bool { environmentValue("HOLDFAST_LONG_TESTS") != nil }

/// All of them in a long run, else one in `share` at least, in their order; the seed is printed under `name`.
package func drawn<Case>(_ cases: [Case], oneIn share: Int, _ name: String) -> [Case] {
    guard !isLongRun, share > 1 else { return cases }
    var random = SeededRandom(named: name)
    let wanted = max(1, (cases.count + share - 1) / share)
    return Set(cases.indices.shuffled(using: &random).prefix(wanted)).sorted().map { cases[$0] }
}
