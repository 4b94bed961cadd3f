import Glibc
import HostIO
import TestSupport
import Testing

private let mayMount = canMount("places that lie in each other by way of mounts")

/// Whether one place lies in another, whatever the paths look like.
@Suite(.timeLimit(.minutes(1))) struct NestingTests {
    private let folder: TemporaryDirectory
    private var root: String { folder.path }

    init() throws {
        folder = try TemporaryDirectory()
        for name in ["up/deep", "beside", "upper"] { try makeDirectories("\(folder.path)/\(name)") }
    }

    private func place(_ path: String) throws -> RealPlace {
        RealPlace(path.hasPrefix("/") ? path : folder.file(path), mounts: try MountTable.read())
    }

    private func nesting(_ one: String, _ other: String) throws -> Nesting? {
        let places = [try place(one), try place(other)]
        let found = Nesting(places[0], places[1])
        if found != nil { #expect(RealPlace.earlier(among: places) == [[], [0]], "\(one) and \(other)") }
        return found
    }

    @Test func `of many places only those are compared that may lie in each other`() throws {
        let mounts = try MountTable.read()
        let names = (0..<2000).map { "up/\($0)" } + (0..<2000).map { "new/\($0)" }
        let apart = names.map { RealPlace(folder.file($0), mounts: mounts) }
        let pairs = RealPlace.earlier(among: apart).reduce(0) { $0 + $1.count }
        #expect(pairs == 0)
        let last = RealPlace(folder.file("new"), mounts: mounts)
        #expect(RealPlace.earlier(among: apart + [last]).last == Array(2000..<4000))
    }

    /// Both ways round.
    private func expectInside(_ inner: String, _ outer: String, _ way: String? = nil, isSame: Bool = false) throws {
        for (one, other) in [(inner, outer), (outer, inner)] {
            let found = try #require(try nesting(one, other), "\(inner) in \(outer)")
            #expect(found.isSame == isSame)
            if !isSame { #expect(found.inner.path.hasSuffix(inner) && found.outer.path.hasSuffix(outer)) }
            if let way { #expect(found.way?.contains(way) == true, "\(found.way ?? "no way")") } else { #expect(found.way == nil) }
        }
    }

    @Test func `paths that show it need no way to be told`() throws {
        try expectInside("up/deep", "up")
        try expectInside("up/not/there/yet", "up")
        try expectInside("up", "up", isSame: true)
        for apart in ["beside", "upper", "new", "u"] { #expect(try nesting("up", apart) == nil, "\(apart)") }
    }

    @Test func `what is still to be made is compared by its names below what is there`() throws {
        try expectInside("new/place/deep", "new/place")
        try expectInside("new/place", "new/place", isSame: true)
        #expect(try nesting("new/place", "new/other") == nil && nesting("new/pl", "new/place") == nil)
    }

    @Test func `symbolic links are followed, also those that lead nowhere yet`() throws {
        for (name, target) in [
            ("in", "up/deep"), ("whole", "\(folder.path)/up"), ("later", "up/later"), ("twice", "later/x"), ("self", "self"),
        ] {
            #expect(symlink(target, folder.file(name)) == 0)
        }
        try expectInside("in", "up", "\(root)/in leads to \(root)/up/deep, by a symbolic link")
        try expectInside("in/new", "up", "symbolic link")
        try expectInside("up/deep", "whole", "\(root)/whole leads to \(root)/up")
        try expectInside("later", "up", "\(root)/up/later")
        try expectInside("twice", "whole", "\(root)/up/later/x")
        try expectInside("whole", "up", "symbolic link", isSame: true)
        #expect(try nesting("self", "up") == nil && nesting("in", "beside") == nil)
    }

    @Test func `a file is a place as well`() throws {
        try AtomicFile.write([1], to: folder.file("up/deep/a.db"))
        #expect(symlink("up/deep/a.db", folder.file("a.db")) == 0)
        try expectInside("up/deep/a.db", "up")
        try expectInside("a.db", "up", "symbolic link")
        #expect(try nesting("a.db", "beside") == nil)
    }

    @Test(.enabled(if: mayMount)) func `a bind mount of a part is found, in whatever direction`() throws {
        let bound = try MountedFileSystem.bind(folder.file("up/deep"))
        try expectInside(bound.path, "up", "\(bound.path) is \(root)/up/deep, by a bind mount")
        try expectInside("\(bound.path)/new", "up", "\(root)/up/deep/new")
        #expect(try nesting(bound.path, "beside") == nil)
        let whole = try MountedFileSystem.bind(folder.file("up"))
        try expectInside("up/deep", whole.path, "by a bind mount")
        try expectInside("up", whole.path, "by a bind mount", isSame: true)
    }

    @Test(.enabled(if: mayMount)) func `what is mounted inside belongs to it, wherever it is mounted besides`() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        try makeDirectories("\(disk.path)/part/deep")
        let inside = folder.file("up/deep")
        func mount(_ arguments: String...) throws {
            let outcome = try ChildProcess(arguments).run()
            guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
        }
        try mount("mount", "--bind", "\(disk.path)/part", inside)
        defer { _ = try? ChildProcess(["umount", "-l", inside]).run() }
        try expectInside("\(disk.path)/part/deep", "up", "\(inside)/deep, by a bind mount")
        try expectInside("up/deep/deep", "up")
        #expect(try nesting(disk.path, "beside") == nil)
        try mount("mount", "--bind", folder.file("beside"), folder.file("beside"))
        defer { _ = try? ChildProcess(["umount", "-l", folder.file("beside")]).run() }
        try expectInside("beside/x", "beside")
    }

    @Test(.enabled(if: mayMount)) func `subvolumes of one btrfs are told apart, and found by every way`() throws {
        let disk = try MountedFileSystem.loop(.btrfs, megabytes: 128)
        for name in ["a", "b", "a/inner"] { try run(["btrfs", "-q", "subvolume", "create", "\(disk.path)/\(name)"]) }
        try expectInside("\(disk.path)/a/inner", "\(disk.path)/a")
        #expect(try nesting("\(disk.path)/a", "\(disk.path)/b") == nil)
        let bound = try MountedFileSystem.bind("\(disk.path)/a/inner")
        try expectInside(bound.path, "\(disk.path)/a", "by a bind mount")
        #expect(try nesting(bound.path, "\(disk.path)/b") == nil)
    }

    private func run(_ arguments: [String]) throws {
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    }
}
