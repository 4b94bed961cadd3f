import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

/// A plan names what a restore will have to leave as it is, and the restore does everything else.
@Suite(.timeLimit(.minutes(2)), .enabled(if: isRoot && canMount("entries that cannot be changed"))) struct HeldEntriesTests {
    private let fixture: ArchiveFixture
    private let disk: MountedFileSystem
    private var path: String { disk.path + "/store" }

    init() throws {
        fixture = try ArchiveFixture()
        disk = try MountedFileSystem.loop(.ext4, megabytes: 16)
    }

    private func restore(
        over commands: String, _ entries: [CraftedSource.Entry], undo: String
    ) throws -> (plan: TreeRestorePlan, outcome: TreeRestoreOutcome) {
        try shell("set -e; mkdir '\(path)'; cd '\(path)'; " + commands)
        defer { _ = try? shell("cd '\(path)'; chattr -R -f -i -a .; \(undo)") }
        let image = try fixture.archive(CraftedSource(entries + [.file("other", "new")]))
        let (plan, outcome) = try fixture.restoreNow(image, to: path)
        #expect(try readFile(path + "/other") == Array("new".utf8))
        #expect(try shell("find '\(path)' -name '.holdfast*'") == "")
        return (plan, outcome)
    }

    private func line(_ name: String, _ reason: String, _ remedy: String) -> String {
        let whole = name.isEmpty ? path : "\(path)/\(name)"
        return "\(whole) stays as it is: \(reason); \(remedy) \(whole) lifts that"
    }

    @Test func `locked entries that differ, or that are to go, are named with what unlocks them`() throws {
        let (plan, outcome) = try restore(
            over: """
                mkdir -p gone/deep same sealed; for f in fixed log equal gone/deep/kept gone/free sealed/in; do echo old > $f; done
                chattr +i fixed equal gone/deep/kept sealed/in sealed; chattr +a log
                """,
            [
                .file("fixed"), .file("log"), .directory("sealed", [.file("in")]), .directory("same", []),
            ], undo: ":")
        let unlock = "chattr -R -i -a"
        // All of them: what is in a locked directory is held by that.
        #expect(
            plan.held == [
                line("equal", "it is immutable (lsattr)", unlock), line("fixed", "it is immutable (lsattr)", unlock),
                line("gone/deep/kept", "it is immutable (lsattr)", unlock), line("log", "it is append-only (lsattr)", unlock),
                line("sealed", "it is immutable (lsattr)", unlock),
            ], "\(plan.held)")
        #expect(outcome.issues.contains { $0.path == "gone/deep/kept" } && outcome.issues.contains { $0.path == "fixed" })
    }

    @Test func `nothing is made in an append-only directory under a name that it could not lose, its entries get their metadata`() throws {
        let (plan, outcome) = try restore(
            over: "mkdir logs; echo old > logs/a; echo content > logs/b; echo x > logs/extra; chmod 600 logs/b; chattr +a logs",
            [
                .directory(
                    "logs",
                    [
                        .file("a"), .file("b", "content\n") { $0.mode = 0o640 }, .file("new"), .special("link", .symlink),
                        .directory("made", [.file("in", "in")]),
                    ])
            ], undo: ":")
        #expect(plan.held == [line("logs", "it is append-only (lsattr)", "chattr -R -i -a")], "\(plan.held)")
        let named = Set(outcome.issues.map { "\($0.path): \($0.detail)" })
        for name in ["a", "new", "link"] { #expect(named.contains("logs/\(name): its directory is append-only (lsattr)"), "\(named)") }
        #expect(try readFile(path + "/logs/made/in") == Array("in".utf8))
        #expect(try statusOfPath(path + "/logs/b")?.permissions == 0o640)
        #expect(try shell("cat '\(path)/logs/extra'") == "x\n")
    }

    @Test func `what is mounted on, mounted read-only or swapped to is named`() throws {
        let make = "dd if=/dev/zero of=swap bs=64k count=16 status=none; chmod 600 swap; mkswap -q swap; swapon swap"
        let canSwap = (try? shell("set -e; cd '\(disk.path)'; \(make); swapoff swap; rm swap")) != nil
        let (plan, outcome) = try restore(
            over: """
                mkdir -p ro/sub taken/on; echo old > ro/sub/f; echo old > busy; echo old > source; echo old > taken/free
                mount --bind source busy; mount --bind source/ taken/on 2>/dev/null || mount -t tmpfs none taken/on
                mount --bind ro ro; mount -o remount,ro,bind ro
                \(canSwap ? make : ":")
                """,
            [.file("busy"), .directory("ro", [.directory("sub", [.file("f")])])],
            undo: "umount busy taken/on ro; \(canSwap ? "swapoff swap" : ":")")
        var expected = [
            line("busy", "something is mounted there", "umount"), line("ro", "it is mounted read-only", "mount -o remount,rw"),
            line("taken/on", "something is mounted there", "umount"),
        ]
        if canSwap { expected.insert(line("swap", "the kernel swaps to it", "swapoff"), at: 2) }
        #expect(plan.held == expected, "\(plan.held)")
        for name in ["busy", "ro/sub/f", "taken/on"] + (canSwap ? ["swap"] : []) {
            #expect(outcome.issues.contains { $0.path == name }, "\(name): \(outcome.issues)")
        }
    }

    @Test func `a restore that changes nothing of what is locked names nothing`() throws {
        try shell("set -e; mkdir '\(path)'; cd '\(path)'; echo old > keep; mkdir d; echo x > d/f; chattr +i keep d d/f")
        defer { _ = try? shell("chattr -R -f -i -a '\(path)'") }
        let image = try fixture.archive(LocalDirectory(path: path))
        try shell("echo more > '\(path)/extra'")
        let (plan, outcome) = try fixture.restoreNow(image, to: path)
        #expect(plan.held.isEmpty && plan.deleted == 1 && outcome.issueCount == 0, "\(plan.held) \(outcome.issues)")
    }
}
