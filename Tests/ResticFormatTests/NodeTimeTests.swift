import Model
import ResticFormat
import Testing

@Suite("Times of nodes")
struct NodeTimeTests {
    @Test(
        "read and write as Go's RFC3339Nano",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0, 0), ("2006-01-02T15:04:05.000000001Z", 1_136_214_245, 1, 0),
            ("2006-01-02T15:04:05.1-07:00", 1_136_239_445, 100_000_000, -25_200), ("1969-12-31T23:59:59.999999999Z", -1, 999_999_999, 0),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0, 0), ("0001-01-01T00:00:00Z", -62_135_596_800, 0, 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0, 0), ("2024-02-29T00:00:00+05:30", 1_709_145_000, 0, 19_800),
            ("1900-03-01T00:00:00Z", -2_203_891_200, 0, 0), ("2000-02-29T12:00:00-03:30", 951_838_200, 0, -12_600),
        ] as [(String, Int64, UInt32, Int32)])
    func table(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32, _ zone: Int32) {
        let time = NodeTime(seconds: seconds, nanoseconds: nanoseconds, zoneOffset: zone)
        #expect(time.rfc3339 == text)
        #expect(NodeTime(rfc3339: text) == time)
    }

    @Test("years are clamped to 0...9999, month, day and time of day kept")
    func clamped() {
        #expect(NodeTime(seconds: 253_402_300_800, nanoseconds: 5).rfc3339 == "9999-01-01T00:00:00.000000005Z")
        #expect(NodeTime(seconds: -62_167_219_201, nanoseconds: 0).rfc3339 == "0000-12-31T23:59:59Z")
        #expect(NodeTime(seconds: 253_402_300_800 + 59 * 86_400, nanoseconds: 0).rfc3339 == "9999-03-01T00:00:00Z")
        for seconds in [Int64.min, .min + 1, .max - 1, .max] {
            for zone in [Int32.min, -60, 0, 60, .max] {
                #expect(!NodeTime(seconds: seconds, nanoseconds: .max, zoneOffset: zone).rfc3339.isEmpty)
            }
        }
    }

    @Test("other spellings that Go reads are read")
    func otherSpellings() {
        #expect(
            NodeTime(rfc3339: "2020-01-01T00:00:00.120000000000999+00:00") == NodeTime(seconds: 1_577_836_800, nanoseconds: 120_000_000))
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "2020-01-01", "2020-01-01T00:00:00", "2020-01-01 00:00:00Z", "2020-13-01T00:00:00Z", "2020-00-01T00:00:00Z",
            "2021-02-29T00:00:00Z",
            "2020-01-01T24:00:00Z", "2020-01-01T00:60:00Z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00.Z", "2020-01-01T00:00:00z",
            "2020-01-01T00:00:00Zx", "2020-01-01T00:00:00+1:00", "2020-01-01T00:00:00+01:60", "2020-01-01T00:00:00+0100",
            "+020-01-01T00:00:00Z",
            "12020-01-01T00:00:00Z",
        ])
    func refused(_ text: String) { #expect(NodeTime(rfc3339: text) == nil) }

    @Test("every day of four centuries comes back")
    func calendar() {
        for day in stride(from: Int64(-719_528), to: 2_932_896, by: 37) {
            let time = NodeTime(seconds: day * 86_400 + 86_399, nanoseconds: 0)
            #expect(NodeTime(rfc3339: time.rfc3339) == time)
        }
    }

    @Test("a timestamp comes back, whatever the zone")
    func timestamps() {
        let timestamp = Timestamp(seconds: -5, nanoseconds: 7)
        #expect(NodeTime(timestamp, zoneOffset: 3600).timestamp == timestamp)
        #expect(NodeTime(timestamp).isSameInstant(as: NodeTime(timestamp, zoneOffset: -60)))
    }
}
