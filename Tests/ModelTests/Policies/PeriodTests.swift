import Model
import Testing

@Suite struct PeriodTests {
    @Test(
        arguments: [
            ("1s", 1), ("15m", 900), ("90m", 5400), ("2h", 7200), ("24h", 86_400), ("1d", 86_400), ("7d", 604_800), ("2w", 1_209_600),
        ]
    )
    func `a period is a number and a unit`(_ text: String, _ seconds: Int64) throws {
        let period = try Period(text, for: "every")
        #expect(period.seconds == seconds)
        #expect(try Period(period.text, for: "every") == period)
    }

    @Test func `its text is in the largest unit that it is a whole number of`() throws {
        for (text, shown) in [("60m", "1h"), ("36h", "36h"), ("7d", "1w"), ("8d", "8d"), ("120s", "2m")] {
            #expect(try Period(text, for: "every").text == shown)
        }
    }

    @Test(
        arguments: [
            "", "0", "0h", "h", "2", "2x", "-1h", "1.5h", "2 h", "2h ", "1y", "１h", "99999999999999999999h", "4000w",
            "9223372036854775807w",
        ])
    func `anything else is one clear error`(_ text: String) {
        let failure = #expect(throws: Failure.self) { try Period(text, for: "every") }
        #expect(failure?.code == .usage && failure?.message.hasPrefix("every: ") == true && failure?.hint != nil, "\(text)")
    }

    @Test func `rules are read in any order and kept from the shortest`() throws {
        let rules = try KeepRules("2@1w, 3@1h,4@4h", most: 100)
        #expect(rules.text == "3@1h,4@4h,2@1w")
        #expect(rules.total == 9)
        #expect(rules.reach == 14 * 86_400)
    }

    @Test(
        arguments: [
            "", ",", "3", "3@", "@1h", "0@1h", "-1@1h", "3@0h", "3@1x", "3@1h,", "3@1h,4@60m", "3@1h@2h", "60@1h,60@1d", "1001@1h",
            "99999999999999999999@1h", "3@1h;4@1d",
        ])
    func `rules that make no sense are one clear error`(_ text: String) {
        let failure = #expect(throws: Failure.self) { try KeepRules(text, most: 100) }
        #expect(failure?.code == .usage && failure?.message.hasPrefix("keep: ") == true && failure?.hint != nil, "\(text)")
    }

    @Test func `an offset is less than its period`() throws {
        #expect(try Schedule(every: "2h", offset: "15m").offset == 900)
        #expect(try Schedule(every: "2h", offset: "0").offsetText == "0s")
        for offset in ["2h", "3h", "-1m", "x", ""] {
            #expect(#expect(throws: Failure.self) { try Schedule(every: "2h", offset: offset) }?.code == .usage)
        }
    }
}
