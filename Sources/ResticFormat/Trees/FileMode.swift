/// Go's `fs.FileMode` against POSIX `st_mode`.
package enum FileMode {
    package static let directory: UInt32 = 1 << 31
    package static let symbolicLink: UInt32 = 1 << 27
    package static let device: UInt32 = 1 << 26
    package static let namedPipe: UInt32 = 1 << 25
    package static let socket: UInt32 = 1 << 24
    package static let setUserID: UInt32 = 1 << 23
    package static let setGroupID: UInt32 = 1 << 22
    package static let characterDevice: UInt32 = 1 << 21
    package static let sticky: UInt32 = 1 << 20
    package static let irregular: UInt32 = 1 << 19
    package static let permissions: UInt32 = 0o777

    private static let posixTypeMask: UInt32 = 0o170000

    package static func fromPOSIX(_ mode: UInt32) -> UInt32 {
        var result = mode & permissions
        if mode & 0o4000 != 0 { result |= setUserID }
        if mode & 0o2000 != 0 { result |= setGroupID }
        if mode & 0o1000 != 0 { result |= sticky }
        return result | typeBits(NodeType(posixMode: mode))
    }

    /// `st_mode` with its type bits; `irregular` gives no type bits.
    package static func toPOSIX(_ mode: UInt32) -> UInt32 {
        var result = mode & permissions
        if mode & setUserID != 0 { result |= 0o4000 }
        if mode & setGroupID != 0 { result |= 0o2000 }
        if mode & sticky != 0 { result |= 0o1000 }
        let types: [(bits: UInt32, posix: UInt32)] = [
            (directory, 0o040000), (symbolicLink, 0o120000), (device | characterDevice, 0o020000), (device, 0o060000),
            (namedPipe, 0o010000), (socket, 0o140000), (irregular, 0),
        ]
        let type = types.first { mode & $0.bits == $0.bits }
        return result | (type?.posix ?? 0o100000)
    }

    /// The permission bits with setuid, setgid and sticky, as `chmod(2)` takes them.
    package static func posixPermissions(_ mode: UInt32) -> UInt32 { toPOSIX(mode) & 0o7777 }

    package static func typeBits(_ type: NodeType) -> UInt32 {
        switch type {
        case .file: 0
        case .dir: directory
        case .symlink: symbolicLink
        case .dev: device
        case .chardev: device | characterDevice
        case .fifo: namedPipe
        case .socket: socket
        case .irregular: irregular
        }
    }
}

extension NodeType {
    /// By the type bits of a POSIX `st_mode`.
    package init(posixMode mode: UInt32) {
        switch mode & 0o170000 {
        case 0o100000: self = .file
        case 0o040000: self = .dir
        case 0o120000: self = .symlink
        case 0o060000: self = .dev
        case 0o020000: self = .chardev
        case 0o010000: self = .fifo
        case 0o140000: self = .socket
        default: self = .irregular
        }
    }
}
