import TestSupport
import Testing

@testable import WebHDFS

@Suite struct JSONReaderTests {
    private func read<Value>(
        _ text: String, _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(MalformedAnswer) -> Value { try JSONReader.read(Array(text.utf8), body) }

    @Test func valuesOfEveryKindAreReadOrSkipped() throws {
        let text =
            #" { "skip": [1, -2.5e3, {"a": [true, null, "]}\""]}], "text":"a\"\\\/\b\f\n\r\té\ud83d\ude00", "number": -12, "yes": true, "none": null } "#
        var seen: [String] = []
        try read(text) { reader throws(MalformedAnswer) in
            try reader.object { key, reader throws(MalformedAnswer) in
                switch key {
                case "text": seen.append(try reader.string())
                case "number": seen.append("\(try reader.integer())")
                case "yes": seen.append("\(try reader.bool())")
                case "none": seen.append("\(reader.takeNull())")
                default: try reader.skip()
                }
            }
        }
        #expect(seen == ["a\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600}", "-12", "true", "true"])
    }

    @Test(arguments: [
        "", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{\"a\" 1}", "[1", "\"abc", "\"\\", "\"\\x\"", "\"\\u12\"", "{} x", "nul",
        "01x,",
        "{\"a\":}", String(repeating: "[", count: 100_000), "\u{0}",
    ]) func whatIsNotJSONIsAnError(text: String) {
        #expect(throws: MalformedAnswer.self) {
            try read(text) { reader throws(MalformedAnswer) in
                if text.hasPrefix("\"") {
                    _ = try reader.string()
                } else {
                    try reader.object { _, reader throws(MalformedAnswer) in try reader.skip() }
                }
            }
        }
    }

    @Test func numbersAreReadExactlyOrNotAtAll() throws {
        for number in [Int64.min, -1, 0, 1, .max] {
            #expect(try read("\(number)") { reader throws(MalformedAnswer) in try reader.integer() } == number)
        }
        for text in ["9223372036854775808", "-9223372036854775809", "-", "1.5", "1e3"] {
            #expect(throws: MalformedAnswer.self) { try read(text) { reader throws(MalformedAnswer) in try reader.integer() } }
        }
        #expect(throws: MalformedAnswer.self) { try read("-1") { reader throws(MalformedAnswer) in try reader.count() } }
    }

    @Test func randomDamageNeverTraps() throws {
        var random = SeededRandom(named: "JSON damage")
        let text = Array(#"{"FileStatus":{"length":12,"owner":"r\u00e9\"","permission":"755","type":"FILE","x":[1,{"y":null}]}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[index] = UInt8.random(in: 0...255, using: &random)
                } else {
                    bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { break }
            }
            _ = try? JSONReader.read(bytes) { reader throws(MalformedAnswer) in
                try reader.required("FileStatus") { reader throws(MalformedAnswer) in try HDFSFileStatus(&reader) }
            }
        }
    }
}
