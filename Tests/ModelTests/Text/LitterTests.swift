import Model
import Testing

@Suite struct LitterTests {
    @Test func `what disk boxes, desktops and editors leave is nobody's, and names of a repository are not among it`() {
        for name in [
            "lost+found", ".snapshot", "@eaDir", "#recycle", ".DS_Store", "._config", "Thumbs.db", ".nfs000000000012ab", "$RECYCLE.BIN",
            "System Volume Information", ".Trash-1000", "config~", ".config.swp", "keys.partial", "~snapshot",
        ] { #expect(Litter.isOne(name), "\(name)") }
        for name in ["config", "data", "keys", "snapshots", "holdfast", "ab", String(repeating: "0", count: 64), "notes.txt", "backup"] {
            #expect(!Litter.isOne(name), "\(name)")
        }
    }
}
