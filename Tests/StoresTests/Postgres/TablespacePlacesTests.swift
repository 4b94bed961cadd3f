import Model
@testable import PostgresStore
import Testing

@Suite struct TablespacePlacesTests {
    private let places = TablespacePlaces(store: "db", dataDirectory: "/srv/pg", named: ["/mnt/fast": "/mnt/new"])

    @Test func `the server's own link comes first, then the cluster file`() {
        #expect(places.place(of: "/etc", present: "/mnt/own") == "/mnt/own")
        #expect(places.place(of: "/mnt/fast", present: nil) == "/mnt/new")
        #expect(places.place(of: "/mnt//fast/", present: nil) == "/mnt/new")
        #expect(places.place(of: "/srv/pg/ts", present: nil) == "/srv/pg/ts")
    }

    @Test(arguments: [
        "/etc", "/mnt", "/mnt/fast/sub", "mnt/fast", "", ".", "../mnt/fast", "/srv/pg", "/srv/pg/../../etc", "/srv/pg/./ts", "/srv/pgx",
        "/srv", "/",
    ])
    func `no other place is taken from an image`(_ old: String) {
        #expect(places.place(of: old, present: nil) == nil)
    }

    @Test func `the lines that the cluster file lacks are shown, and nothing in a name acts`() {
        let failure = places.refusal(["/mnt/a", "/x\"\n: \u{1B}[2J"])
        #expect(failure.code == .refused)
        let lines = [
            "add their places to the store in the cluster file:", "  tablespaces:", #"    "/mnt/a": /path/for/it"#,
            #"    "/x\"\\n: \\x1b[2J": /path/for/it"#,
        ]
        #expect(failure.hint == lines.joined(separator: "\n"))
    }
}
