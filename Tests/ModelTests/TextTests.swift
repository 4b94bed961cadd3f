import Model
import Testing

@Suite struct TextTests {
    @Test func `a list says how many more there are`() {
        #expect(listed(["a", "b"]) == "a, b" && listed([]) == "")
        #expect(listed((1...2000).map { "s\($0)" }, limit: 2) == "s1, s2 and 1,998 more")
    }

    @Test(arguments: [
        (0.5, "0.5 s"), (42, "42 s"), (60, "1 minute"), (252, "4 minutes 12 seconds"), (5460, "1 hour 31 minutes"), (7200, "2 hours"),
        (1_051_200, "12 days 4 hours"), (.infinity, "unknown"),
    ]) func `an age is said with all of its units`(_ seconds: Double, _ text: String) {
        #expect(DurationText.age(seconds: seconds) == text)
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1449, "1.4 kB"), (99_949, "99.9 kB"), (99_951, "100 kB"), (999_499, "999 kB"),
            (999_500, "1.0 MB"), (1_400_000_000, "1.4 GB"), (640_000_000_000, "640 GB"), (UInt64.max, "18.4 EB"),
        ] as [(UInt64, String)]) func `bytes have decimal units`(_ bytes: UInt64, _ text: String)
    { #expect(ByteCount(bytes).text == text) }

    @Test(
        arguments: [
            ("0", 0), ("1000", 1000), ("1.4 GB", 1_400_000_000), ("500M", 500_000_000), ("64KiB", 65_536), ("1 kb", 1000), ("2ti", 2 << 40),
            ("7B", 7),
        ] as [(String, UInt64)]) func `bytes are read`(_ text: String, _ bytes: UInt64)
    { #expect(ByteCount(text: text)?.bytes == bytes) }

    @Test(arguments: ["", "GB", "-1", "1.2.3M", "1 XB", "20 EB", "1e9", "99999999999999999999", "1 GBs", "nan", "inf", "٣"])
    func `what is not a size is refused`(_ text: String) { #expect(ByteCount(text: text) == nil) }

    @Test(
        arguments: [
            (0, "0 ms"), (0.012, "12 ms"), (0.84, "0.8 s"), (0.0996, "0.1 s"), (9.94, "9.9 s"), (9.96, "10 s"), (42.3, "42 s"),
            (59.7, "1 minute"),
            (252, "4 minutes 12"), (3600, "1 hour"), (11_100, "3 hours 5"), (86_400, "1 day"), (1_051_200, "12 days 4 hours"), (-3, "0 ms"),
            (.nan, "unknown"), (.infinity, "unknown"),
        ] as [(Double, String)]) func `lengths of time are spoken`(_ seconds: Double, _ text: String)
    {
        #expect(DurationText.spoken(seconds: seconds) == text)
    }

    @Test(
        arguments: [
            (0, "0s", "0:00"), (45.9, "45s", "0:45"), (725, "12m", "12:05"), (11_525, "3h", "3:12:05"), (3 * 86_400, "3d", "72:00:00"),
            (800 * 86_400, "2y", "19200:00:00"), (.nan, "?", "-:--"),
        ] as [(Double, String, String)]) func `lengths of time are short in tables`(_ seconds: Double, _ short: String, _ clock: String)
    {
        #expect(DurationText.short(seconds: seconds) == short)
        #expect(DurationText.clock(seconds: seconds) == clock)
    }

    @Test func `a length of time in a narrow place keeps its second unit, and is never told too short`() {
        let texts = [0: "0s", 59: "59s", 60: "1m", 539: "8m59s", 3600: "1h", 7140: "1h59m", 7141: "2h", 86_400: "1d", 273_601: "3d5h"]
        for (seconds, text) in texts { #expect(DurationText.compact(seconds: Double(seconds)) == text) }
        #expect(DurationText.compact(seconds: .infinity) == "?")
    }

    @Test(
        arguments: [
            ("500ms", 500), ("5s", 5000), ("30m", 1_800_000), ("12h", 43_200_000), ("7d", 604_800_000), ("2w", 1_209_600_000),
            ("1.5h", 5_400_000),
        ] as [(String, Int64)]) func `lengths of time are read`(_ text: String, _ milliseconds: Int64)
    {
        #expect(DurationText.milliseconds(parsing: text) == milliseconds)
    }

    @Test(arguments: ["", "5", "s", "5 s", "-5s", "0s", "5y", "1e3s", "..s", "1.2.3s", "infs", "nans", "99999999999999999999d", "400000d"])
    func `what is not a length of time is refused`(_ text: String) { #expect(DurationText.milliseconds(parsing: text) == nil) }

    @Test func `ages are relative to now`() {
        let now = Timestamp(seconds: 1_000_000)
        #expect(relativeAge(of: Timestamp(seconds: 1_000_000 - 10_900), at: now) == "3h ago")
        #expect(relativeAge(of: now, at: now) == "just now")
        #expect(relativeAge(of: now.adding(seconds: 6 * 86_400), at: now) == "in 6d")
    }

    @Test func `percentages are whole only at the end`() {
        #expect(percentText(999, of: 1000) == "99 %")
        #expect(percentText(1000, of: 1000) == "100 %")
        #expect(percentText(0, of: 0) == "100 %")
        #expect(percentText(.max - 1, of: .max) == "99 %")
        #expect(percentText(5, of: 3) == "100 %")
    }

    @Test func `counts are grouped and agree in number`() {
        #expect(counted(1, "entry", "entries") == "1 entry")
        #expect(counted(1_234_567, "entry", "entries") == "1,234,567 entries")
        #expect(grouped(-1000) == "-1,000")
        #expect(grouped(Int64.min) == "-9,223,372,036,854,775,808")
    }

    @Test func `a length of life gives an expiry`() throws {
        let now = Timestamp(seconds: 100)
        #expect(try TimeToLive("7d").expiry(from: now) == .at(Timestamp(seconds: 604_900)))
        #expect(try TimeToLive("never").expiry(from: now) == .never)
        #expect(throws: Failure.self) { try TimeToLive("soon") }
    }

    @Test(arguments: [
        ("/a/b", "/a/b"), ("b", "/base/b"), ("./b/../c/", "/base/c"), ("../../../x", "/x"), ("/", "/"), ("//a///b/.", "/a/b"), ("..", "/"),
    ]) func `paths are normalised`(_ path: String, _ result: String) { #expect(PathText.normalise(path, relativeTo: "/base") == result) }

    @Test func `inside is not a matter of prefixes`() {
        #expect(PathText.isInside("/a/b", "/a"))
        #expect(!PathText.isInside("/ab", "/a"))
        #expect(!PathText.isInside("/a", "/a"))
        #expect(PathText.isInside("/a", "/"))
        #expect(PathText.parent(of: "/a/b.yaml") == "/a")
        #expect(PathText.parent(of: "/b.yaml") == "/")
        #expect(PathText.parent(of: "b.yaml") == ".")
    }

    @Test(
        arguments: [
            ("storag", "storage"), ("Role", "role"), ("pasword-file", "password-file"), ("metdata", nil), ("xyz", nil), ("", nil),
            ("knid", "kind"),
        ] as [(String, String?)]) func `the nearest word is offered`(_ text: String, _ expected: String?)
    {
        let words = ["storage", "role", "password-file", "password-command", "kind"]
        #expect(nearest(to: text, among: words) == expected)
    }

    @Test(arguments: ["a", "A-b_9", String(repeating: "x", count: 44)]) func `names are letters, digits, dashes`(_ name: String) throws {
        #expect(try SnapshotName(name).text == name)
    }

    @Test(arguments: [
        ("", "empty"), ("a b", "not a valid name"), ("a/b", "'/'"), ("é", "U+E9"), ("x\n", "U+A"),
        (String(repeating: "x", count: 45), "45 characters"),
    ]) func `other names are refused with the reason`(_ name: String, _ reason: String) {
        let failure = #expect(throws: Failure.self) { try SnapshotName(name) }
        #expect(failure?.message.contains(reason) == true)
        #expect(failure?.code == .usage)
    }

    @Test func `control characters do not reach a terminal`() {
        #expect(printable("a\u{1B}[31mb") == "a\\x1b[31mb")
        #expect(printable(String(repeating: "x", count: 100)).count == 61)
    }

    @Test(arguments: [
        ("a\nb", "a\\nb"), ("\u{7}\u{7F}\u{9B}2J", "\\x07\\x7f\\u{9b}2J"), ("x\u{202E}cod\u{2066}", "x\\u{202e}cod\\u{2066}"),
        ("\u{200F}", "\\u{200f}"),
        ("\u{2028}é日\u{200D}", "\\u{2028}é日\u{200D}"),
    ]) func `what could act on a terminal is shown as an escape`(_ text: String, _ shown: String) {
        #expect(Visible.line(text) == shown)
        #expect(Visible.lines(text) == shown.replacing("\\n", with: "\n"))
    }

    @Test func `what a program says stays in lines`() {
        #expect(printableLines("ERROR:  a\r\n\n\tDETAIL: \u{1B}]0;x\u{7}\n") == "ERROR:  a\n    DETAIL: \\x1b]0;x\\x07")
    }

    @Test func `JSON has escapes of its own for it`() {
        #expect(Visible.json("{\"a\":\"\u{9B}\u{202E}é\u{E0001}\"}") == #"{"a":"\u009b\u202eé\udb40\udc01"}"#)
    }
}

@Suite struct AddressPrefixTests {
    @Test(
        arguments: [
            ("hdfs://nn/b", "hdfs://"), ("webhdfs://nn/b", "webhdfs://"), ("file:///x", "file://"), ("file:/x", "file:"),
            ("rest:http://h/", "rest:"), ("s3:host/b", "s3:"), ("sftp:u@h:/srv", "sftp:"), ("u@h:/srv", "u@h:"), ("a:b", "a:"), (":", ":"),
        ])
    func `what is written like an address is none of a path`(_ text: String, _ prefix: String) throws {
        #expect(PathText.addressPrefix(of: text) == prefix)
        let failure = #expect(throws: Failure.self) { try PlaceAdvice.checkDirectory(text, for: "a target") }
        #expect(failure?.code == .usage && failure?.hint?.contains("mount") == true)
    }

    @Test(arguments: ["/a:b", "./a:b", "x/a:b", "a", "", "/srv/hdfs://x", "../s3:x"]) func `a path may have colons`(_ text: String) throws {
        #expect(PathText.addressPrefix(of: text) == nil)
        try PlaceAdvice.checkDirectory(text, for: "a target")
    }
}
