import CHost
import Glibc

/// A lock on a file that another process holds, as the kernel tells it (proc(5), `/proc/locks` and `/proc/PID/fdinfo`).
package struct HeldLock: Hashable, Sendable {
    package enum Access: Hashable, Sendable { case read, write }

    /// Nil when the kernel does not say: a lock of an open file description, or a process of another namespace.
    package var process: Int32?
    package var access: Access
    /// Bytes; an `EOF` is the greatest number.
    package var range: ClosedRange<UInt64>
    /// `8:1`.
    var device: String
    var inode: UInt64

    /// A line of `/proc/locks`, or what follows `lock:` in a `fdinfo`; nil for one that still waits, and for locks of other kinds.
    init?(line: some StringProtocol) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count == 8, ["POSIX", "OFDLCK"].contains(fields[1]), let pid = pid_t(fields[4]), let start = UInt64(fields[6]) else {
            return nil
        }
        switch fields[3] {
        case "READ": access = .read
        case "WRITE": access = .write
        default: return nil
        }
        let place = fields[5].split(separator: ":")
        guard place.count == 3, let major = UInt32(place[0], radix: 16), let minor = UInt32(place[1], radix: 16),
            let inode = UInt64(place[2])
        else { return nil }
        let end = fields[7] == "EOF" ? UInt64.max : UInt64(fields[7])
        guard let end, start <= end else { return nil }
        process = pid > 0 ? pid : nil
        range = start...end
        device = "\(major):\(minor)"
        self.inode = inode
    }
}

extension HeldLock {
    /// Locks that other processes hold on a file. The file is not opened. Costs a look at each descriptor of each process that this user may see.
    ///
    /// `/proc/locks` names the processes of whatever user; a descriptor that has the lock names those that it leaves out.
    package static func find(onFileAt path: String) -> [HeldLock] {
        guard let status = try? statusOfPath(path), status.kind == .file else { return [] }
        let devices = devices(of: path, status)
        let own = getpid()
        var found = lines(of: "/proc/locks").compactMap { HeldLock(line: $0) }
            .filter { $0.inode == status.inode && devices.contains($0.device) && $0.process != nil && $0.process != own }
        for process in processes() where process != own {
            for lock in held(by: process, on: status) where !found.contains(where: { $0.isLike(lock) }) { found.append(lock) }
        }
        return found
    }

    private func isLike(_ other: HeldLock) -> Bool { process == other.process && access == other.access && range == other.range }

    /// A file system of several volumes (btrfs) has one device of its own for locks, which its mounts tell.
    private static func devices(of path: String, _ status: FileStatus) -> Set<String> {
        var devices: Set = ["\(holdfast_major(status.device)):\(holdfast_minor(status.device))"]
        if let folder = try? Descriptor.openDirectory(Path.parent(path)), let mount = try? MountTable.mount(under: folder) {
            devices.insert(mount.root.device)
        }
        return devices
    }

    private static func processes() -> [pid_t] {
        ((try? Descriptor.openDirectory("/proc").entries()) ?? []).compactMap { pid_t(FileName.text($0.name)) }
    }

    /// The file behind a descriptor is looked at only where it has a lock and the same inode: a look at a dead mount would wait.
    private static func held(by process: pid_t, on file: FileStatus) -> [HeldLock] {
        let folder = "/proc/\(process)/fdinfo"
        var found: [HeldLock] = []
        for entry in (try? Descriptor.openDirectory(folder).entries()) ?? [] {
            let number = FileName.text(entry.name)
            let facts = lines(of: "\(folder)/\(number)")
            let locks = facts.filter { $0.hasPrefix("lock:") }.compactMap { HeldLock(line: $0.dropFirst("lock:".count)) }
            guard !locks.isEmpty, facts.allSatisfy({ !$0.hasPrefix("ino:") || UInt64(trailing: $0) == file.inode }),
                isDescriptor("/proc/\(process)/fd/\(number)", of: file)
            else { continue }
            found += locks.map { lock in
                var lock = lock
                lock.process = process
                return lock
            }
        }
        return found
    }

    private static func isDescriptor(_ link: String, of file: FileStatus) -> Bool {
        var found = stat()
        return stat(link, &found) == 0 && FileStatus(found).isSameFile(as: file)
    }

    private static func lines(of path: String) -> [Substring] {
        guard let bytes = try? AtomicFile.read(path, limit: 16 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}

extension Descriptor {
    /// Whether another process has a lock that keeps this one from locking the open file for writing (fcntl(2), F_GETLK).
    package borrowing func isLockedByOthers() -> Bool {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return fcntl(raw, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }
}

extension UInt64 {
    fileprivate init?(trailing line: Substring) {
        guard let last = line.split(whereSeparator: \.isWhitespace).last else { return nil }
        self.init(last)
    }
}

/// What a process is called, for people: `python3 (process 4711)`; without a name when the kernel tells none.
package func nameOfProcess(_ process: Int32) -> String {
    guard let bytes = try? AtomicFile.read("/proc/\(process)/comm", limit: 1 << 10) else { return "process \(process)" }
    let name = FileName.text(bytes.filter { $0 != UInt8(ascii: "\n") })
    return name.isEmpty ? "process \(process)" : "\(name) (process \(process))"
}
