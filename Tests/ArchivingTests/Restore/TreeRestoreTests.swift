import Archiving
import Glibc
import HostIO
import ObjectStorage
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct TreeRestoreTests {
    /// Every kind of entry that this user can make.
    private func sample(_ folder: TemporaryDirectory) throws -> String {
        let path = try folder.folder("sample")
        var random = SeededRandom(seed: 21)
        for directory in ["docs/deep/er", "empty", "links"] { try makeDirectories(path + "/" + directory) }
        for index in 0..<120 { try writeFile("\(path)/docs/\(index).txt", random.text(50 + index * 211)) }
        try writeFile(path + "/docs/deep/large.bin", random.bytes(17 << 20))
        try shell(
            """
            cd '\(path)'; printf x > links/one; ln links/one links/two; ln links/one docs/three; ln -s ../docs/0.txt links/sym; ln -s /nowhere links/abs
            mkfifo pipe; ln pipe links/pipe; ln links/sym docs/sym; truncate -s 40M sparse; printf data | dd of=sparse bs=1M seek=20 conv=notrunc status=none
            printf '' > "$(printf 'bad\\377name')"; chmod 640 docs/1.txt; chmod 2755 docs/deep; setfattr -n user.k -v v docs/2.txt empty
            setfacl -m u:1234:rw docs/3.txt; touch -h -d '2001-01-01 01:01:01.123456789' links/sym docs/4.txt; chmod 500 empty
            """)
        if isRoot {
            try shell(
                "cd '\(path)'; mknod null c 1 3; mknod disk b 8 17; ln disk links/disk; ln null links/null; chown 1234:4321 docs/5.txt; chown -h 77:88 links/abs; chmod 6755 docs/5.txt"
            )
        }
        try shell("cd '\(path)'; touch -d '2002-02-02 02:02:02.2' docs/deep docs empty links .")
        return path
    }

    @Test func `what is restored into an empty place is the same in all that POSIX keeps`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try sample(folder)
        let outcome = try fixture.archive(path)
        let target = folder.file("not/yet/there")
        let (plan, done) = try fixture.restoreNow(outcome, to: target)
        #expect(plan.intoEmpty && plan.created == Int(outcome.totals.files + outcome.totals.directories + outcome.totals.others))
        #expect(done.issues == [])
        #expect(try TreePortrait.of(target) == TreePortrait.of(path))
        var status = stat()
        #expect(stat(target + "/sparse", &status) == 0 && status.st_blocks * 512 < 8 << 20)
        #expect(try fixture.restore(of: outcome, to: target).plan(job: JobControl()).isEmpty)
    }

    @Test(.enabled(if: isRoot)) func `a file that may not be replaced is told and keeps no other back`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("sample")
        for name in ["a", "b", "c"] { try writeFile("\(path)/\(name)", "before") }
        let outcome = try fixture.archive(path)
        for name in ["a", "b", "c"] { try writeFile("\(path)/\(name)", "afterwards") }
        try shell("chattr +i '\(path)/b'")
        defer { _ = try? shell("chattr -i '\(path)/b'") }
        let (_, done) = try fixture.restoreNow(outcome, to: path)
        #expect(done.issueCount == 1 && done.issues.first?.path.hasSuffix("b") == true)
        #expect(try readFile(path + "/a") == Array("before".utf8))
        #expect(try readFile(path + "/b") == Array("afterwards".utf8))
        #expect(try readFile(path + "/c") == Array("before".utf8))
        #expect(try FileTree.files(below: path).sorted() == ["a", "b", "c"])
    }

    @Test func `a native image restores like an archived one`() throws {
        let folder = try TemporaryDirectory()
        let path = try sample(folder)
        let restore = TreeRestore(image: .source(LocalDirectory(path: path)), destination: folder.file("copy"), host: .forTests())
        let done = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(done.issues == [])
        #expect(try TreePortrait.of(folder.file("copy")) == TreePortrait.of(path))
        #expect(try restore.plan(job: JobControl()).isEmpty)
    }

    @Test func `only what differs is touched`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try sample(folder)
        let outcome = try fixture.archive(path)
        let portrait = try TreePortrait.of(path)
        let untouched = ["docs/6.txt", "docs/deep/large.bin", "links/one", "sparse", "pipe", "links/sym", "docs/0.txt"]
        let before = try untouched.map { try inode("\(path)/\($0)") }
        try writeFile(path + "/docs/10.txt", "other content")
        try writeFile(path + "/docs/11.txt", try readFile(path + "/docs/11.txt"))
        try shell(
            """
            cd '\(path)'; rm docs/12.txt; chmod 777 docs/13.txt; setfattr -x user.k docs/2.txt; mkdir -p new/sub; printf y > new/sub/file
            rm -r docs/deep/er; rm links/abs; ln -s /elsewhere links/abs; rm docs/14.txt; mkdir docs/14.txt; printf z > docs/14.txt/in
            rm -r empty; printf file > empty; rm links/two; printf x > links/two; setfattr -n user.more -v 1 docs/15.txt
            """)
        let restore = fixture.restore(of: outcome, to: path)
        let plan = try restore.plan(job: JobControl())
        #expect(plan.deleted == 4 && plan.created == 2)
        // 10.txt, abs, 14.txt, empty, links/two.
        #expect(plan.replaced == 5)
        #expect(plan.examples.contains("replace docs/10.txt") && plan.examples.contains("delete new") && plan.examples.count <= 20)
        #expect(plan.newestChange != nil && !plan.intoEmpty)
        #expect(try TreePortrait.of(path) != portrait)
        let done = try restore.apply(plan, job: JobControl())
        #expect(done.issues == [])
        #expect(try TreePortrait.of(path) == portrait)
        #expect(try untouched.map { try inode("\(path)/\($0)") } == before)
        #expect(try shell("find '\(path)' -name '.holdfast*'") == "")
        #expect(try restore.plan(job: JobControl()).isEmpty)
    }

    @Test func `a change that keeps size and modification time is found by content`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        try writeFile(path + "/a", "before")
        try shell("touch -d '2020-01-01' '\(path)/a'")
        let outcome = try fixture.archive(path)
        try writeFile(path + "/a", "AFTER!")
        try shell("touch -d '2020-01-01' '\(path)/a'")
        let (plan, _) = try fixture.restoreNow(outcome, to: path)
        #expect(plan.replaced == 1 && plan.bytesToWrite == 6)
        #expect(try readFile(path + "/a") == Array("before".utf8))
    }

    @Test func `links that were joined or torn apart come back as they were`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        try shell("cd '\(path)'; printf same > a; ln a b; ln a c; printf same > d; printf same > e; touch -d '2020-01-01' *")
        let portrait = try TreePortrait.of(path)
        let outcome = try fixture.archive(path)
        try shell("cd '\(path)'; rm c e; cp -p a c; ln d e; touch -d '2020-01-01' *")
        let (_, done) = try fixture.restoreNow(outcome, to: path)
        #expect(done.issues == [])
        #expect(try shell("cd '\(path)'; stat -c '%n %h' *") == "a 3\nb 3\nc 3\nd 1\ne 1\n")
        try shell("cd '\(path)'; touch -d '2020-01-01' .")
        #expect(try TreePortrait.of(path).dropFirst() == portrait.dropFirst())
        try shell("cd '\(path)'; rm -r ./*")
        try fixture.restoreNow(outcome, to: path)
        #expect(try shell("cd '\(path)'; stat -c '%n %h' *") == "a 3\nb 3\nc 3\nd 1\ne 1\n")
    }

    /// Paths of what is no directory, each with its number of links, by inode.
    private func links(_ path: String) throws -> Set<[String]> {
        let lines = try shell("cd '\(path)'; find . ! -type d -printf '%i %P %n\\n'").split(separator: "\n").map {
            $0.split(separator: " ")
        }
        return Set(Dictionary(grouping: lines) { $0[0] }.values.map { $0.map { "\($0[1]) \($0[2])" }.sorted() })
    }

    enum Special: CaseIterable {
        case fifo, symlink, device, socket

        func make(_ path: String) throws {
            let status =
                switch self {
                case .fifo: mkfifo(path, 0o600)
                case .symlink: Glibc.symlink("nowhere", path)
                case .device: mknod(path, S_IFCHR | 0o600, 0x103)
                case .socket: mknod(path, S_IFSOCK | 0o600, 0)
                }
            guard status == 0 else { throw SystemError(errno, "make", path) }
        }
    }

    @Test(arguments: Special.allCases)
    func `links of what is no file are joined and torn apart as they were`(special: Special) throws {
        guard isRoot || special != .device else { return }
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        for name in ["a", "d", "e"] { try special.make("\(path)/\(name)") }
        try shell("cd '\(path)'; ln a b; ln a c; touch -h -d 2020-01-01 a b c d e")
        let outcome = try fixture.archive(path)
        let whole: Set = [["a 3", "b 3", "c 3"], ["d 1"], ["e 1"]]
        #expect(try links(path) == whole)
        #expect(try fixture.restore(of: outcome, to: path).plan(job: JobControl()).isEmpty)
        // One of three is another one now, one is gone, and two that were apart are joined.
        try shell("cd '\(path)'; rm b c e")
        try special.make(path + "/c")
        try shell("cd '\(path)'; ln d e; touch -h -d 2020-01-01 c d")
        let (plan, done) = try fixture.restoreNow(outcome, to: path)
        #expect(done.issues == [] && plan.created == 1 && plan.replaced == 2)
        #expect(try links(path) == whole)
        #expect(try fixture.restore(of: outcome, to: path).plan(job: JobControl()).isEmpty)
        try fixture.restoreNow(outcome, to: folder.file("fresh"))
        #expect(try links(folder.file("fresh")) == whole)
        #expect(try TreePortrait.of(folder.file("fresh")) == TreePortrait.of(path))
    }

    @Test func `progress ends where it was expected to`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try sample(folder)
        let restore = fixture.restore(of: try fixture.archive(path), to: folder.file("fresh"))
        for _ in 0..<2 {
            let job = JobControl()
            _ = try restore.apply(try restore.plan(job: job), job: job)
            #expect(job.value(of: .bytesDone) == job.value(of: .bytesExpected))
            #expect(job.value(of: .filesDone) == job.value(of: .filesExpected))
            try shell("cd '\(folder.path)/fresh'; printf new > docs/7.txt; rm links/two; rm -r docs/deep; touch docs/8.txt")
        }
    }

    @Test func `entries that are excluded at the root are left alone`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let outcome = try fixture.archive(try sample(folder))
        let target = try folder.folder("target/.keep")
        try writeFile(target + "/mine", "mine")
        let restore = fixture.restore(of: outcome, to: folder.file("target"), options: .init(excludedAtRoot: [Array(".keep".utf8)]))
        _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(try readFile(target + "/mine") == Array("mine".utf8))
        #expect(try readFile(folder.file("target/links/one")) == [0x78])
    }

    @Test func `without deleting, what is not in the image stays`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        let outcome = try fixture.archive(path)
        try writeFile(path + "/extra", "x")
        let restore = fixture.restore(of: outcome, to: path, options: .init(deletesExtra: false))
        let plan = try restore.plan(job: JobControl())
        #expect(plan.deleted == 0)
        _ = try restore.apply(plan, job: JobControl())
        #expect(try readFile(path + "/extra") == [0x78])
    }

    @Test func `a damaged blob costs its file and no other`() throws {
        let folder = try TemporaryDirectory()
        let storage = MemoryStorage()
        let fixture = try ArchiveFixture(storage)
        let path = try folder.folder("tree")
        var random = SeededRandom(seed: 4)
        try writeFile(path + "/bad", random.bytes(100_000))
        let outcome = try fixture.archive(path)
        for pack in storage.objects.keys where pack.text.hasPrefix("data/") && (storage.objects[pack]?.count ?? 0) > 50_000 {
            #expect(storage.damage(pack) { $0[1000] ^= 1 })
        }
        try writeFile(path + "/good", "good")
        let both = try fixture.archive(path, parent: outcome.tree)
        try writeFile(path + "/bad", "what is there now")
        try shell("rm '\(path)/good'")
        let (_, done) = try fixture.restoreNow(both, to: path)
        #expect(done.issues.map(\.path) == ["bad"])
        #expect(try readFile(path + "/good") == Array("good".utf8))
        #expect(try readFile(path + "/bad") == Array("what is there now".utf8))
        #expect(try shell("ls -A '\(path)'") == "bad\ngood\n")
    }

    @Test(.enabled(if: canMount("a mount point below a directory that is to be deleted"))) func `what is mounted below is not deleted`()
        throws
    {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        let outcome = try fixture.archive(path)
        let outside = try folder.folder("outside")
        try writeFile(outside + "/precious", "x")
        try makeDirectories(path + "/extra/mounted")
        try shell("mount --bind '\(outside)' '\(path)/extra/mounted'")
        defer { _ = try? shell("umount -l '\(path)/extra/mounted'") }
        let (_, done) = try fixture.restoreNow(outcome, to: path)
        #expect(done.issueCount > 0)
        #expect(try readFile(outside + "/precious") == [0x78])
    }

    @Test func `a full disk is an error and leaves every file old or new`() throws {
        guard canMount("a small file system") else { return }
        let small = try MountedFileSystem.tmpfs(megabytes: 8)
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = try folder.folder("tree")
        var random = SeededRandom(seed: 9)
        for index in 0..<10 { try writeFile("\(path)/\(index)", random.bytes(1 << 20)) }
        let outcome = try fixture.archive(path)
        for index in 0..<10 { try writeFile("\(small.path)/\(index)", "old") }
        let restore = fixture.restore(of: outcome, to: small.path)
        let plan = try restore.plan(job: JobControl())
        #expect { try restore.apply(plan, job: JobControl()) } throws: { ($0 as? SystemError)?.isNoSpace ?? false }
        for index in 0..<10 { #expect(try readFile("\(small.path)/\(index)") == Array("old".utf8)) }
        #expect(try shell("ls -A '\(small.path)' | wc -l") == "10\n")
    }
}
