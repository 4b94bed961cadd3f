import Glibc

/// What something lies on, as far as it is lost as one: the disks of this host below it, or the server that it comes from.
package struct Whereabouts: Hashable, Sendable {
    /// Disks by their names in the kernel (`vda`), `server nas1`, `HDFS nn1:9870`; where no disk is known, the file system (`file system 0:41`).
    /// Empty where nothing can be told.
    package var parts: Set<String>
    /// On another host, as far as can be seen from here.
    package var isRemote: Bool

    package init(parts: Set<String> = [], isRemote: Bool = false) {
        self.parts = parts
        self.isRemote = isRemote
    }

    /// Of `path`, or of the directory above it that is there. Two partitions of a disk are one disk; what stands between a file system and its disks (LVM,
    /// encryption, RAID, an image file) is looked through.
    package init(of path: String) throws(SystemError) {
        var place = path
        while try statusOfPath(place) == nil, place != "/", place != "." { place = Path.parent(place) }
        try self.init(place, depth: 0, BlockDevices())
    }

    /// One cannot be lost without something of the other.
    package func isLost(with other: Whereabouts) -> Bool { !parts.isDisjoint(with: other.parts) }

    init(_ path: String, depth: Int, _ devices: BlockDevices) throws(SystemError) {
        let place = try Descriptor.open(path, .place)
        let device = try place.status().device
        (parts, isRemote) = (["file system \(DeviceNumber(device))"], false)
        guard depth < BlockDevices.deepest else { return }
        if let disks = try devices.disks(of: DeviceNumber(device), depth) {
            parts = disks
            return
        }
        // No device of its own: a subvolume, a network mount, memory.
        guard let mount = try MountTable.mount(under: place) else { return }
        if let server = mount.server {
            (parts, isRemote) = (["server \(server)"], true)
        } else if mount.kind == "zfs" {
            parts = ["pool \(mount.source.prefix { $0 != "/" })"]
        } else if mount.source.hasPrefix("/"), let source = try statusOfPath(mount.source) {
            parts = try Self.parts(of: source, mount, depth + 1, devices) ?? parts
        } else if mount.kind.hasPrefix("fuse") {
            isRemote = true
        }
    }

    private static func parts(
        of source: FileStatus, _ mount: MountTable.Mount, _ depth: Int, _ devices: BlockDevices
    ) throws(SystemError) -> Set<String>? {
        guard source.kind == .blockDevice else { return try Whereabouts(mount.source, depth: depth, devices).parts }
        let own = DeviceNumber(source.representedDevice)
        guard mount.kind == "btrfs" else { return try devices.disks(of: own, depth) }
        var all: Set<String> = []
        for device in try devices.members(ofBtrfsOn: own) { all.formUnion(try devices.disks(of: device, depth) ?? []) }
        return all.isEmpty ? nil : all
    }
}

extension MountTable.Mount {
    /// Where it comes from over a network; nil for what is not known to.
    var server: String? {
        let network = ["nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "afs", "glusterfs", "lustre", "beegfs"]
        let bridges = ["sshfs", "rclone", "s3fs", "glusterfs", "ceph-fuse", "davfs", "curlftpfs", "goofys", "gcsfuse", "juicefs", "mfs"]
        guard network.contains(kind) || bridges.contains(where: { kind == "fuse.\($0)" }) else { return nil }
        let isWindowsShare = source.hasPrefix("//")
        let words = (isWindowsShare ? source.dropFirst(2) : source[...]).prefix { $0 != (isWindowsShare ? "/" : ":") }
        let host = words.split(separator: "@").last ?? words
        return host.isEmpty ? kind : String(host)
    }
}

/// A device's two numbers.
struct DeviceNumber: Hashable, CustomStringConvertible {
    let description: String

    /// As makedev(3) packs them.
    init(_ number: UInt64) {
        let major = (number >> 8 & 0xFFF) | (number >> 32 & ~0xFFF)
        let minor = (number & 0xFF) | (number >> 12 & ~0xFF)
        description = "\(major):\(minor)"
    }

    init(_ text: String) { description = text }
}

/// The kernel's block devices, and what they are made of (`/sys`).
struct BlockDevices {
    /// Layers that are looked through.
    static let deepest = 16

    var root = "/sys"

    /// The disks below a device; nil when it is none.
    func disks(of device: DeviceNumber, _ depth: Int) throws(SystemError) -> Set<String>? {
        guard let folder = try folder(of: device) else { return nil }
        return try disks(in: folder, depth)
    }

    private func disks(in folder: String, _ depth: Int) throws(SystemError) -> Set<String> {
        let name = folder.split(separator: "/").last.map(String.init) ?? folder
        guard depth < Self.deepest else { return [name] }
        if try statusOfPath("\(folder)/partition") != nil { return try disks(in: Path.parent(folder), depth + 1) }
        var all: Set<String> = []
        for slave in try names(in: "\(folder)/slaves") {
            guard let below = try text(of: "\(folder)/slaves/\(slave)/dev") else { continue }
            all.formUnion(try disks(of: DeviceNumber(below), depth + 1) ?? [slave])
        }
        if !all.isEmpty { return all }
        // An image file goes with the disk that it lies on.
        if let image = try text(of: "\(folder)/loop/backing_file"), try statusOfPath(image) != nil {
            return try Whereabouts(image, depth: depth + 1, self).parts
        }
        return [name]
    }

    /// All devices of the btrfs file system that has this one.
    func members(ofBtrfsOn device: DeviceNumber) throws(SystemError) -> [DeviceNumber] {
        for system in try names(in: "\(root)/fs/btrfs") {
            let folder = "\(root)/fs/btrfs/\(system)/devices"
            var members: [DeviceNumber] = []
            for name in try names(in: folder) {
                if let number = try text(of: "\(folder)/\(name)/dev") { members.append(DeviceNumber(number)) }
            }
            if members.contains(device) { return members }
        }
        return [device]
    }

    /// The real directory of a device: that of a partition lies in that of its disk.
    private func folder(of device: DeviceNumber) throws(SystemError) -> String? {
        let link = "\(root)/dev/block/\(device)"
        guard try statusOfPath(link) != nil else { return nil }
        let place = try Descriptor.open(link, .place)
        return FileName.text(try Descriptor.openDirectory("/proc/self/fd").readSymlink(Array("\(place.raw)".utf8)))
    }

    private func names(in folder: String) throws(SystemError) -> [String] {
        guard try statusOfPath(folder)?.kind == .directory else { return [] }
        return try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }
    }

    private func text(of file: String) throws(SystemError) -> String? {
        guard let bytes = try AtomicFile.readIfPresent(file, limit: 4096) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
