import Foundation
import Glibc
import HostIO
import TestSupport
import Testing

/// The built `holdfast`, run as a process.
enum HoldfastProgram {
    /// Beside the test bundle, where the package manager puts it.
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/holdfast"
    }()

    struct Result {
        var status: Int32
        var out: String
        var err: String

        var lines: [Substring] { out.split(separator: "\n") }

        /// The last line, as `--json` promises it.
        func json() throws -> [String: Any] {
            let line = try #require(lines.last, "no output; \(err)")
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(value as? [String: Any])
        }

        /// The one value of the last line, under its one key.
        func json(_ key: String) throws -> [String: Any] {
            let object = try json()
            #expect(Set(object.keys) == [key])
            return try #require(object[key] as? [String: Any], "\(out)")
        }

        /// `error.code` of the last line.
        func errorCode() throws -> String? { (try json()["error"] as? [String: Any])?["code"] as? String }
    }

    static func run(_ arguments: [String], in folder: String, wrapper: [String] = []) throws -> Result {
        let outcome = try ChildProcess(
            wrapper + [path] + arguments, workingDirectory: folder, timeout: .seconds(120), outputLimit: 64 << 20
        ).run()
        guard case .exited(let status) = outcome.ending else { throw ToolFailed(arguments: arguments, outcome: outcome) }
        return Result(status: status, out: outcome.outputText, err: outcome.errorText)
    }
}
