import HostIO
import Model

/// One kind of entry or attribute that a destination may not be able to hold.
struct SampleEntry: Sendable {
    let title: String
    /// Below the store.
    let name: [UInt8]
    /// Makes it there.
    let command: String
    /// The paths under which a restore may name it.
    let told: Set<String>

    private init(_ title: String, _ name: String, _ command: String, told: [String]? = nil) {
        (self.title, self.name, self.command, self.told) = (title, Array(name.utf8), command, Set(told ?? [name]))
    }

    private init(_ title: String, bytes: [UInt8], _ command: String) {
        (self.title, name, self.command, told) = (title, bytes, command, [FileName.text(bytes), String(decoding: bytes, as: UTF8.self)])
    }

    private static let long = String(repeating: "n", count: 255)

    static let all = files + attributes + names

    private static let files = [
        SampleEntry("file", "file", "printf content > file"), SampleEntry("empty file", "empty", ": > empty"),
        SampleEntry("sparse file", "sparse", "truncate -s 16M sparse; printf x | dd of=sparse bs=1 seek=10M conv=notrunc status=none"),
        SampleEntry("empty directory", "folder", "mkdir folder"),
        SampleEntry("hard link", "link", "printf l > link; ln link link-of-it", told: ["link", "link-of-it"]),
        SampleEntry("symbolic link", "symlink", "ln -s file symlink; touch -h -r file symlink"),
        SampleEntry("named pipe", "pipe", "mkfifo pipe"),
        SampleEntry("socket", "socket", "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'"),
        SampleEntry("character device", "chardev", "mknod chardev c 1 3"),
        SampleEntry("block device", "blockdev", "mknod blockdev b 7 99"),
        SampleEntry("directory of mode 2711", "odd", "mkdir odd; chmod 2711 odd"),
        SampleEntry("sticky directory", "sticky", "mkdir -m 1777 sticky"),
        SampleEntry("set-user-ID file", "suid", "printf s > suid; chmod 4755 suid"),
        SampleEntry("file of mode 0", "closed", "printf c > closed; chmod 0 closed"),
        SampleEntry("other owner", "owner", "printf o > owner; chown 1234:4321 owner"),
    ]

    private static func filled(_ name: String, _ bytes: Int) -> String {
        "printf a > \(name); setfattr -n user.a -v \"$(head -c \(bytes) /dev/zero | tr '\\0' a)\" \(name)"
    }

    private static let attributes = [
        SampleEntry("attribute of 10 bytes", "attr10", filled("attr10", 10)),
        SampleEntry("attribute of 3,000 bytes", "attr3k", filled("attr3k", 3000)),
        SampleEntry("attribute of 60,000 bytes", "attr60k", filled("attr60k", 60_000)),
        SampleEntry("ACL", "acl", "printf a > acl; setfacl -m u:1234:rw acl"),
        SampleEntry("default ACL", "dacl", "mkdir dacl; setfacl -d -m u:1234:rw dacl"),
        SampleEntry(
            "capability", "cap", "printf c > cap; setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 cap"),
        SampleEntry("trusted attribute", "trusted", "printf t > trusted; setfattr -n trusted.t -v 1 trusted"),
        SampleEntry("time of odd nanoseconds", "nanos", "printf t > nanos; touch -d 2020-02-02T02:02:03.123456789Z nanos"),
        SampleEntry("time in 1960", "t1960", "printf t > t1960; touch -d 1960-01-01T00:00:00Z t1960"),
        SampleEntry("time in 2100", "t2100", "printf t > t2100; touch -d 2100-01-01T00:00:00Z t2100"),
        SampleEntry("time in 2470", "t2470", "printf t > t2470; touch -d 2470-01-01T00:00:00Z t2470"),
    ]

    private static let names = [
        SampleEntry("name of 255 bytes", long, "printf n > \(long)"),
        SampleEntry("name that is not UTF-8", bytes: Array("bad".utf8) + [0xFF] + Array("name".utf8), "printf n > $'bad\\xffname'"),
        SampleEntry("name with a line feed", bytes: Array("line\nfeed".utf8), "printf n > $'line\\nfeed'"),
        SampleEntry("name with : and \\", "a:b\\c", "printf n > 'a:b\\c'"),
        SampleEntry("names of other case", "Case", "printf a > case; printf b > Case", told: ["Case", "case"]),
        SampleEntry("name that ends with a dot", "dot.", "printf n > dot."),
    ]

    /// Everything that a restore can bring back.
    struct Portrait: Equatable {
        var facts: String
        var modified: Timestamp
        var links: UInt64
        var isSparse: Bool

        /// In words, what differs though a file system need not tell or keep it; nil when more does.
        func asides(of other: Portrait) -> [String]? {
            guard facts == other.facts, abs(modified.secondsSince(other.modified)) < 2 else { return nil }
            return [
                modified == other.modified ? nil : "the time to the second", isSparse == other.isSparse ? nil : "without holes",
                links == other.links ? nil : "the number of links is not shown",
            ].compactMap { $0 }
        }
    }

    /// Nil when there is no such entry.
    func portrait(in folder: String) throws -> Portrait? {
        let place = try Descriptor.openDirectory(folder)
        // A name that the file system cannot have is not there.
        guard let status = try? place.statusIfPresent(of: name) else { return nil }
        let all = ((try? place.attributeNames(of: name)) ?? []).sorted { $0.lexicographicallyPrecedes($1) }
        // XFS shows root each ACL a second time.
        let attributes = all.filter { !$0.starts(with: Array("trusted.SGI_ACL_".utf8)) }
        let values = try attributes.map { "\(String(decoding: $0, as: UTF8.self))=\(try place.attribute($0, of: name)?.hashValue ?? 0)" }
        let target = status.kind == .symlink ? String(decoding: try place.readSymlink(name), as: UTF8.self) : ""
        let content = status.kind == .file ? try place.open(name, .read).readAll(limit: 20 << 20).hashValue : 0
        let isSparse = status.kind == .file && status.allocated < status.size / 2
        let size = status.kind == .directory ? 0 : status.size
        let facts =
            "\(status.kind) \(String(status.permissions, radix: 8)) \(status.uid):\(status.gid) \(size) \(status.representedDevice) "
            + "\(target) \(values) \(content)"
        return Portrait(
            facts: facts, modified: status.modified, links: status.kind == .directory ? 0 : UInt64(status.links), isSparse: isSparse)
    }
}
