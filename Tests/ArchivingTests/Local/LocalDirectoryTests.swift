import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

@Suite struct LocalDirectoryTests {
    private func entries(_ path: String, options: LocalDirectory.Options = .init()) throws -> [Node] {
        let issues = IssueCollector()
        let nodes = try LocalDirectory(path: path, options: options).root().entries(issues)
        #expect(issues.count == 0)
        return nodes
    }

    private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `a listing is in the byte order of names, with names that are not UTF-8`() throws {
        let folder = try TemporaryDirectory()
        let open = try folder.open()
        for name in [[0xFF, 0xFE], [0x61], [0x62, 0x20, 0x0A], [0xC3, 0xA4], [0x5A]] as [[UInt8]] {
            _ = try open.open(name, [.write, .createNew])
        }
        let names = try entries(folder.path).map(\.name).filter { $0 != Array(".owner".utf8) && $0 != Array("files".utf8) }
        #expect(names == [[0x5A], [0x61], [0x62, 0x20, 0x0A], [0xC3, 0xA4], [0xFF, 0xFE]])
    }

    @Test(.enabled(if: isRoot)) func `every kind of entry has its metadata`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.folder("all")
        try shell(
            """
            cd '\(path)'; printf hello > file; chown 12345:54321 file; chmod 4751 file; touch -d '2020-02-03 04:05:06.789 UTC' file
            ln file twin; ln -s ../nowhere link; mkfifo pipe; mknod null c 1 3; mknod disk b 8 1; mkdir dir; chmod 1777 dir
            setfattr -n user.colour -v blue file; setfacl -m u:1000:rx file; setfacl -d -m u:1000:rwx dir; setfattr -h -n trusted.l -v x link
            """)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        try bind(socket, path + "/socket")
        let nodes = Dictionary(uniqueKeysWithValues: try entries(path).map { (String(decoding: $0.name, as: UTF8.self), $0) })
        let file = try #require(nodes["file"])
        #expect(file.type == .file && file.size == 5 && file.links == 2 && file.uid == 12345 && file.gid == 54321 && file.user.isEmpty)
        #expect(file.mode == FileMode.setUserID | 0o751 && file.mtime == NodeTime(seconds: 1_580_702_706, nanoseconds: 789_000_000))
        #expect(file.atime == file.mtime && file.deviceID != 0)
        #expect(file.extendedAttributes.map { String(decoding: $0.name, as: UTF8.self) } == ["system.posix_acl_access", "user.colour"])
        #expect(nodes["twin"]?.inode == file.inode)
        #expect(nodes["link"]?.type == .symlink && nodes["link"]?.linkTarget == name("../nowhere"))
        #expect(nodes["link"]?.extendedAttributes == [ExtendedAttribute(name: name("trusted.l"), value: name("x"))])
        #expect(nodes["pipe"]?.type == .fifo && nodes["socket"]?.type == .socket)
        #expect(nodes["null"]?.type == .chardev && nodes["null"]?.device == 0x103)
        #expect(nodes["disk"]?.type == .dev && nodes["disk"]?.device == 0x801)
        let directory = try #require(nodes["dir"])
        #expect(directory.mode == FileMode.directory | FileMode.sticky | 0o777 && directory.user == "root" && directory.deviceID == 0)
        #expect(directory.extendedAttributes.map { String(decoding: $0.name, as: UTF8.self) } == ["system.posix_acl_default"])
    }

    private func bind(_ socket: Int32, _ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count - 1)) }
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0 else { throw SystemError(errno, "bind", path) }
    }

    @Test func `names that are excluded at the root are entries further down`() throws {
        let folder = try TemporaryDirectory()
        _ = try folder.folder("skip")
        _ = try folder.folder("keep/skip")
        let root = try LocalDirectory(path: folder.path, options: .init(excludedAtRoot: [name("skip")])).root()
        #expect(try !root.entries(IssueCollector()).contains { $0.name == name("skip") })
        #expect(try root.directory(named: name("keep")).entries(IssueCollector()).map(\.name) == [name("skip")])
    }

    @Test func `a fifo or symlink that has taken the place of a file is not opened`() throws {
        let folder = try TemporaryDirectory()
        try writeFile(folder.file("target"), "secret")
        try shell("cd '\(folder.path)'; mkfifo pipe; ln -s target link")
        let root = try LocalDirectory(path: folder.path).root()
        for entry in ["pipe", "link", "missing"] {
            #expect { try root.file(named: name(entry)) } throws: { ($0 as? EntryError)?.kind == .vanished }
        }
        #expect { try root.directory(named: name("link")) } throws: { ($0 as? EntryError)?.kind == .vanished }
    }

    @Test func `a root that is not there is an error that names it`() {
        #expect { try LocalDirectory(path: "/nonexistent/x").root() } throws: { error in
            (error as? EntryError).map { $0.kind == .vanished && $0.failure.message.contains("/nonexistent/x") } ?? false
        }
    }

    @Test func `holes are told without reading`() throws {
        let folder = try TemporaryDirectory()
        try shell("cd '\(folder.path)'; truncate -s 64M sparse; printf data | dd of=sparse bs=1M seek=32 conv=notrunc status=none")
        let file = try LocalDirectory(path: folder.path).root().file(named: name("sparse"))
        #expect(try file.zeroRun(at: 0) == 32 << 20)
        #expect(try file.zeroRun(at: 32 << 20) == 0)
        #expect(try file.zeroRun(at: 40 << 20) == 24 << 20)
        try file.seek(to: 32 << 20)
        var bytes = [UInt8](repeating: 1, count: 6)
        #expect(try bytes.withUnsafeMutableBytes { try file.read(into: $0) } == 6)
        #expect(bytes == Array("data".utf8) + [0, 0])
    }
}
