import CHost
import Glibc

extension Host {
    /// The real one. `name` and `user` fall back to `localhost` and the number of the user.
    package static func current() -> Host {
        Host(
            clock: SystemClock(), random: SystemRandom(), name: hostName(), user: userName(of: geteuid()), processID: getpid(),
            processors: Int(holdfast_processors()), boot: bootName(), process: .current())
    }

    /// random(4), `boot_id`.
    private static func bootName() -> String {
        let bytes = (try? AtomicFile.read("/proc/sys/kernel/random/boot_id", limit: 100)) ?? []
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }

    private static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 257) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, gethostname(start, buffer.count - 1) == 0, start[0] != 0 else { return "localhost" }
            return String(cString: start)
        }
    }
}

/// The number itself for a user without a name.
package func userName(of user: UInt32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { buffer in
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        guard let start = buffer.baseAddress, getpwuid_r(user, &record, start, buffer.count, &found) == 0, found != nil,
            let name = record.pw_name
        else { return "\(user)" }
        return String(cString: name)
    }
}

extension Host {
    /// `count` random bytes as hex digits, for names of temporary files.
    package func randomHex(bytes count: Int) -> String { hexDigits(randomBytes(count)) }
}

/// Two lower-case digits a byte.
func hexDigits(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Random hex digits for names that only have to be unused.
package func randomName(bytes count: Int = 8) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { SystemRandom().fill($0) }
    return hexDigits(bytes)
}
