import Glibc

/// Other processes of this host, as far as `/proc` shows them.
package enum RunningProcess {
    /// The first namespace of processes has this number in every kernel (PROC_PID_INIT_INO): from there all processes of the host are seen.
    private static let first: ino_t = 0xEFFF_FFFC

    /// False in a container with processes of its own: one that is not seen may still run.
    package static let seesAll: Bool = {
        var found = stat()
        return stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == first
    }()

    /// Numbers of the processes that the kernel knows by that name.
    package static func called(_ name: String) -> [Int32] {
        let numbers = ((try? Descriptor.openDirectory("/proc").entries()) ?? []).compactMap { Int32(FileName.text($0.name)) }
        return numbers.filter { number in
            (try? AtomicFile.read("/proc/\(number)/comm", limit: 1 << 10)).map { $0.elementsEqual(Array("\(name)\n".utf8)) } ?? false
        }
    }

    /// Whether that directory is the working directory of the process; nil when this user may not know. False for one that does not run.
    package static func works(_ process: Int32, in folder: borrowing Descriptor) -> Bool? {
        var found = stat()
        guard process > 0 else { return false }
        guard stat("/proc/\(process)/cwd", &found) == 0 else { return errno == EACCES || errno == EPERM ? nil : false }
        return (try? folder.status()).map { $0.isSameFile(as: FileStatus(found)) } ?? false
    }
}
