import Glibc
import HostIO
import Model
import ObjectStorage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct DirectoryStorageTests {
    let directory: TemporaryDirectory
    let path: String
    let storage: DirectoryStorage

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("repository")
        storage = try DirectoryStorage.create(at: path)
    }

    private func name(_ text: String) throws -> ObjectName { try #require(ObjectName(text)) }

    private func kind(_ body: () throws -> Void) -> StorageError.Kind? {
        #expect(throws: StorageError.self) { try body() }?.kind
    }

    private func kindIfAny(_ body: () throws -> Void) -> StorageError.Kind? {
        do { try body() } catch { return (error as? StorageError)?.kind }
        return nil
    }

    @Test func filesAreReadOnlyAndPrivate() throws {
        try storage.write(name("config"), [1])
        try storage.write(name("data/ab/abc"), [1])
        #expect(try statusOfPath(directory.file("repository/config"))?.permissions == 0o400)
        #expect(try statusOfPath(directory.file("repository/data/ab/abc"))?.permissions == 0o400)
        #expect(try statusOfPath(directory.file("repository/data/ab"))?.permissions == 0o700)
    }

    @Test(arguments: ["ln -s elsewhere", "ln -s ..", "touch", "mkfifo"]) func somethingElseInPlaceOfAFolderIsNoEmptyFolder(make: String)
        throws
    {
        try storage.write(name("config"), [1])
        #expect(try storage.holdsFolder("snapshots") == false && storage.list("snapshots").isEmpty)
        let outcome = try ChildProcess.shell("cd '\(path)' && \(make) snapshots", timeout: .seconds(10)).run()
        #expect(outcome.succeeded)
        for folder in ["snapshots", "snapshots/below"] {
            #expect(kind { _ = try storage.list(folder) } == .misplaced)
            #expect(kind { _ = try storage.holdsFolder(folder) } == .misplaced)
        }
        try removeTree("\(path)/snapshots")
        try storage.write(name("snapshots/a"), [1])
        try storage.remove(name("snapshots/a"))
        #expect(try storage.holdsFolder("snapshots") == true && storage.list("snapshots").isEmpty)
    }

    @Test func aConfigThatItsGroupCanReadOpensEverythingToTheGroup() throws {
        try storage.write(name("config"), [1])
        try Descriptor.open(directory.file("repository/config"), .read).setMode(0o440)
        let shared = DirectoryStorage(path)
        try shared.write(name("data/ab/abc"), [1])
        #expect(try statusOfPath(directory.file("repository/data/ab/abc"))?.permissions == 0o440)
        #expect(try statusOfPath(directory.file("repository/data/ab"))?.permissions == 0o750)
    }

    @Test func leftOversAreNotListedAndGoWhenTheyAreOld() throws {
        try storage.write(name("data/ab/abc"), [1])
        let leftOver = directory.file("repository/data/ab/abd-tmp-12345")
        try AtomicFile.write([1], to: leftOver)
        try AtomicFile.write([1], to: directory.file("repository/data/ab/not-tmp-!"))
        #expect(try storage.list("data").map(\.name.text).sorted() == ["data/ab/abc", "data/ab/not-tmp-!"])
        let now = SystemClock().now()
        #expect(try storage.removeLeftovers(olderThan: .seconds(3600), now: now) == 0)
        #expect(try storage.removeLeftovers(olderThan: .seconds(3600), now: now.adding(seconds: 3700)) == 1)
        #expect(try statusOfPath(leftOver) == nil)
        #expect(try storage.list("data").count == 2)
        #expect(kind { try storage.write(name("data/ab/abd-tmp-1"), [1]) } == .permission)
    }

    @Test func aNameThatCannotBeAnObjectsIsNotListed() throws {
        try storage.write(name("keys/k"), [1])
        try AtomicFile.write([1], to: Array("größe".utf8), in: Descriptor.openDirectory(directory.file("repository/keys")))
        #expect(try storage.list("keys").map(\.name.text) == ["keys/k"])
    }

    @Test(arguments: [HostileEntry.fifo, .socket, .device, .directory, .link, .linkToNothing])
    func whatHasANameThatIsNobodysIsPassedOver(entry: HostileEntry) throws {
        try storage.write(name("data/ab/abc"), [1])
        for place in ["data/@eaDir", "data/ab/lost+found", "data/other", "data/ab/x"] {
            try entry.place(at: directory.file("repository/\(place)"))
        }
        #expect(try storage.list("data") == [ObjectEntry(name: name("data/ab/abc"), size: 1)])
        #expect(try storage.strays(in: "data") == ["@eaDir", "other"])
        try entry.place(at: directory.file("repository/data/cd"))
        let isRefused = entry == .link || entry == .linkToNothing
        #expect(kindIfAny { _ = try storage.list("data") } == (isRefused ? .misplaced : nil))
    }

    @Test(arguments: HostileEntry.allCases) func whatCannotBeAnObjectIsNeitherOpenedNorFollowed(entry: HostileEntry) throws {
        try storage.write(name("keys/k"), [1])
        try entry.place(at: directory.file("repository/keys/0123abcd"))
        let other = try name("keys/0123abcd")
        switch entry {
        case .sparse:
            #expect(try storage.list("keys").contains { $0.name == other && $0.size == UInt64(HostileEntry.sparseBytes) })
            #expect(kind { _ = try storage.read(other) } == .oversized)
        case .empty, .garbage, .deep: #expect(try storage.list("keys").count == 2)
        case .fifo, .socket, .device, .directory, .link, .linkToNothing:
            #expect(try storage.list("keys").contains(ObjectEntry(name: other, size: 0)))
            #expect(kind { _ = try storage.size(of: other) } == .misplaced && kind { _ = try storage.read(other) } == .misplaced)
        }
        var byte: UInt8 = 0
        let refusal = kindIfAny { try withUnsafeMutableBytes(of: &byte) { try storage.read(other, from: 0, into: $0) } }
        switch entry {
        case .empty: #expect(refusal == .truncated)
        case .sparse, .garbage, .deep: #expect(refusal == nil)
        default: #expect(refusal == .misplaced)
        }
        #expect(try storage.strays(in: "keys") == ["k"])
        // It can be put right from here.
        if entry != .directory { try storage.remove(other) }
        #expect(try storage.read(name("keys/k")) == [1])
    }

    @Test(arguments: [HostileEntry.link, .linkToNothing, .fifo, .socket, .empty, .sparse]) func whatIsNoFolderIsNoEmptyFolder(
        entry: HostileEntry
    ) throws {
        try storage.write(name("config"), [1])
        try entry.place(at: directory.file("repository/data"))
        #expect(kind { _ = try storage.list("data") } == .misplaced)
        #expect(kind { try storage.write(name("data/ab/abc"), [1]) } == .misplaced)
        #expect(kind { _ = try storage.size(of: name("data/ab/abc")) } == .misplaced)
    }

    @Test func theRootMayLieBehindALink() throws {
        try storage.write(name("data/ab/abc"), [1])
        try Descriptor.openDirectory(directory.path).makeSymlink(Array("link".utf8), to: Array("repository".utf8))
        let behind = DirectoryStorage(directory.file("link"))
        #expect(try behind.list("data").count == 1 && behind.read(name("data/ab/abc")) == [1])
    }

    @Test func directoriesWithoutEndBelowEachOtherAreNotFollowed() throws {
        try storage.write(name("data/ab/abc"), [1])
        try makeDirectories(directory.file("repository/data/" + Array(repeating: "d", count: 400).joined(separator: "/")))
        #expect(try storage.list("data").map(\.name.text) == ["data/ab/abc"])
    }

    @Test func symlinksBelowTheRootAreNotFollowed() throws {
        let outside = try directory.folder("outside")
        let root = try Descriptor.openDirectory(path)
        try root.makeSymlink(Array("data".utf8), to: Array(outside.utf8))
        #expect(throws: StorageError.self) { try storage.write(name("data/abc"), [1]) }
        #expect(try Descriptor.openDirectory(outside).isEmptyDirectory())
    }

    @Test func aRootThatIsNotThereIsUnreachableAndNotEmpty() throws {
        let missing = DirectoryStorage(directory.file("none"))
        #expect(kind { _ = try missing.list("snapshots") } == .unreachable)
        #expect(kind { _ = try missing.size(of: name("config")) } == .unreachable)
        #expect(kind { try missing.write(name("config"), [1]) } == .unreachable)
        #expect(try statusOfPath(directory.file("none")) == nil)
    }

    @Test func aRootThatVanishesInUseIsUnreachable() throws {
        try storage.write(name("config"), [1])
        try storage.write(name("snapshots/s"), [1])
        try removeTree(path)
        #expect(kind { _ = try storage.list("snapshots") } == .unreachable)
        #expect(kind { _ = try storage.read(name("snapshots/s")) } == .unreachable)
        #expect(kind { try storage.write(name("snapshots/t"), [1]) } == .unreachable)
        try makeDirectories(path)
        #expect(kind { _ = try storage.list("snapshots") } == .unreachable)
    }

    @Test func aConfigThatVanishesInUseMakesTheStorageUnreachable() throws {
        try storage.write(name("config"), [1])
        try storage.write(name("snapshots/s"), [1])
        _ = try storage.list("snapshots")
        try removeContents(of: try Descriptor.openDirectory(path))
        #expect(kind { _ = try storage.list("snapshots") } == .unreachable)
        #expect(kind { try storage.remove(name("snapshots/s")) } == .unreachable)
    }

    @Test func moreObjectsThanTheCacheHoldsAreReadInAnyOrder() throws {
        for number in 0..<150 { try storage.write(name("data/\(number)"), [UInt8](repeating: UInt8(number), count: 100)) }
        try runWorkers(4) { worker in
            for step in 0..<300 {
                let number = (step * 37 + worker * 11) % 150
                let bytes = try storage.read(name("data/\(number)"))
                #expect(bytes == [UInt8](repeating: UInt8(number), count: 100))
            }
        }
        let open = try Descriptor.openDirectory("/proc/self/fd").entries().count
        #expect(open < 1000)
    }

    @Test func resticFindsNothingToComplainAbout() throws {
        guard Restic.isInstalled else { return }
        let restic = try Restic(directory.file("by-restic"))
        try restic.initialise()
        let source = try directory.folder("source")
        try AtomicFile.write(Array("hello".utf8), to: Path.join(source, "f"))
        try restic.run("backup", source)
        let original = DirectoryStorage(directory.file("by-restic"))
        for folder in ["keys", "data", "index", "snapshots"] {
            for entry in try original.list(folder) { try storage.write(entry.name, original.read(entry.name)) }
        }
        try storage.write(name("config"), original.read(name("config")))
        try Restic(path).check()
    }
}

@Suite(.timeLimit(.minutes(2)), .enabled(if: canMount("faults of real file systems"))) struct DirectoryStorageFaultTests {
    private func name(_ text: String) throws -> ObjectName { try #require(ObjectName(text)) }

    private func kind(_ body: () throws -> Void) -> StorageError.Kind? {
        #expect(throws: StorageError.self) { try body() }?.kind
    }

    @Test func aFullDiskRefusesTheWriteAndKeepsWhatIsThere() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        let storage = try DirectoryStorage.create(at: Path.join(disk.path, "repository"))
        try storage.write(name("data/aa/first"), [UInt8](repeating: 1, count: 300_000))
        #expect(kind { try storage.write(name("data/aa/second"), [UInt8](repeating: 2, count: 2_000_000)) } == .noSpace)
        #expect(kind { try storage.replaceWhole(name("data/aa/first"), [UInt8](repeating: 3, count: 900_000)) } == .noSpace)
        #expect(try storage.list("data").map(\.name.text) == ["data/aa/first"])
        #expect(try storage.read(name("data/aa/first")) == [UInt8](repeating: 1, count: 300_000))
        #expect(try FileTree.files(below: disk.path) == ["repository/data/aa/first"])
        try storage.write(name("data/aa/third"), [UInt8](repeating: 2, count: 200_000))
        let space = try #require(try storage.space())
        #expect(space.total == 1 << 20 && space.free < 600_000)
    }

    @Test func aReadOnlyMountCanBeReadAndSaysWhyItCannotBeWritten() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        let storage = DirectoryStorage(disk.path)
        try storage.write(name("config"), [1])
        try disk.remount(readOnly: true)
        #expect(try storage.read(name("config")) == [1])
        #expect(kind { try storage.write(name("keys/k"), [1]) } == .readOnly)
        #expect(kind { try storage.replaceWhole(name("config"), [1]) } == .readOnly)
        #expect(kind { try storage.remove(name("config")) } == .readOnly)
        #expect(StorageError(.readOnly, "config", in: disk.path).failure.hint == "mount \(disk.path) read-write")
    }

    @Test func aMountThatGoesIsNotMistakenForTheDirectoryBelowIt() throws {
        let disk = try MountedFileSystem.tmpfs(megabytes: 1)
        let storage = DirectoryStorage(disk.path)
        try storage.write(name("config"), [1])
        try storage.write(name("snapshots/s"), [2])
        try disk.vanish()
        // The open root still leads to the file system that was there; nothing may land below the mount point.
        try storage.write(name("snapshots/t"), [3])
        #expect(try storage.list("snapshots").count == 2)
        #expect(try Descriptor.openDirectory(disk.path).isEmptyDirectory())
        let late = DirectoryStorage(disk.path)
        #expect(try late.size(of: name("config")) == nil)
    }
}

extension ObjectStorage {
    fileprivate func replaceWhole(_ name: ObjectName, _ bytes: [UInt8]) throws { try withBuffers([bytes]) { try replace(name, $0) } }
}
