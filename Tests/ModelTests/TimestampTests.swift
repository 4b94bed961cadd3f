import Foundation
import Model
import Testing

@Suite struct TimestampTests {
    static let texts: [(String, Int64, UInt32)] = [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2026-11-23T17:50:00Z", 1_795_456_200, 0),
        ("2026-11-23T17:50:00.25Z", 1_795_456_200, 250_000_000),
        ("2026-11-23T17:50:00.000000001Z", 1_795_456_200, 1),
        ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
        ("2000-02-29T00:00:00Z", 951_782_400, 0),
        ("0000-03-01T00:00:00Z", -62_162_035_200, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ]

    @Test(arguments: texts) func `text goes both ways`(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) {
        let instant = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        #expect(instant.text == text)
        #expect(Timestamp(text: text) == instant)
    }

    @Test(arguments: [
        ("2022-08-05T09:31:18.000000001+02:00", "2022-08-05T07:31:18.000000001Z"), ("2026-11-23 17:50:00z", "2026-11-23T17:50:00Z"),
        ("2026-11-23t00:10:00-05:30", "2026-11-23T05:40:00Z"), ("2026-01-01T00:00:00+00:01", "2025-12-31T23:59:00Z"),
        ("2026-11-23T17:50:00.1234567899Z", "2026-11-23T17:50:00.123456789Z"), ("2026-11-23T17:50:00.100Z", "2026-11-23T17:50:00.1Z"),
    ]) func `any zone is read`(_ text: String, _ utc: String) { #expect(Timestamp(text: text)?.text == utc) }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T17:50Z", "2026-11-23T17:50:00", "2026-11-23T17:50:00.Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T17:60:00Z", "2016-12-31T23:59:60Z",
        "2026-11-23T17:50:00Zz", "2026-11-23T17:50:00+24:00", "2026-11-23T17:50:00+1:00", "+026-11-23T17:50:00Z", "2026-11-23T17:50:00,5Z",
        "２０26-11-23T17:50:00Z",
    ]) func `what is not an instant is refused`(_ text: String) { #expect(Timestamp(text: text) == nil) }

    @Test func `compact text names files`() {
        #expect(Timestamp(seconds: 1_795_456_200).compact == "20261123-175000")
        #expect(Timestamp(seconds: 1_795_456_200).readable == "2026-11-23 17:50:00 UTC")
    }

    @Test func `days agree with counting them one by one`() {
        var day: Int64 = -719_528
        for year in Int64(0)...2403 {
            for month in 1...12 {
                let length = CivilTime.days(inMonth: month, of: year)
                let ends = [(1, day), (length, day + Int64(length) - 1)]
                let agree = ends.allSatisfy { number, days in
                    let civil = CivilTime(year: year, month: month, day: number)
                    return civil.secondsSinceEpoch == days * 86_400 && CivilTime(secondsSinceEpoch: days * 86_400) == civil
                }
                guard agree else {
                    Issue.record("year \(year) month \(month)")
                    return
                }
                day += Int64(length)
            }
        }
    }

    @Test(arguments: [Int64.min, Int64.min + 1, -1, 0, 1, Int64.max - 1, Int64.max]) func `the ends of the range have a text`(
        _ seconds: Int64
    ) {
        #expect(!Timestamp(seconds: seconds).text.isEmpty)
        #expect(!Timestamp(seconds: seconds).compact.isEmpty)
    }

    @Test func `it is coded as its text`() throws {
        let instant = Timestamp(seconds: 1_795_456_200, nanoseconds: 5)
        let json = try JSONEncoder().encode([instant])
        #expect(String(decoding: json, as: UTF8.self) == #"["2026-11-23T17:50:00.000000005Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: json) == [instant])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8)) }
    }

    @Test func `differences and sums saturate`() {
        let early = Timestamp(seconds: .min)
        let late = Timestamp(seconds: .max)
        #expect(late.secondsSince(early) == .infinity)
        #expect(late.adding(seconds: 5).seconds == .max)
        #expect(Timestamp(seconds: 3, nanoseconds: 500_000_000).secondsSince(Timestamp(seconds: 2)) == 1.5)
    }
}
