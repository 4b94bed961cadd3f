import Foundation
import Glibc
import HostIO
import Synchronization
import TestSupport
import Testing

/// `holdfast serve --json` of the built program, as a process whose events are read as they come.
final class RunningService {
    private let process = Process()
    private let output = Pipe()
    private var buffered = Data()
    /// All that was told so far.
    private(set) var events: [[String: Any]] = []

    init(_ cluster: SampleCluster, environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: HoldfastProgram.path)
        process.arguments = ["serve", "--json", "-c", cluster.file]
        process.currentDirectoryURL = URL(fileURLWithPath: cluster.root)
        process.environment = ChildProcess.minimalEnvironment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try output.fileHandleForWriting.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Reads on until an event of this kind, about this policy, has come; fails when the process ends before.
    @discardableResult
    func event(_ kind: String, _ policy: String? = nil) throws -> [String: Any] {
        while let line = readLine() {
            let value = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
            let event = try #require(value?["event"] as? [String: Any], "\(String(decoding: line, as: UTF8.self))")
            events.append(event)
            if event["event"] as? String == kind, policy == nil || event["policy"] as? String == policy { return event }
        }
        throw EndedEarly(wanted: kind, events: "\(events)")
    }

    /// Sends a signal and waits for the end. Gives the exit status, or the number of the signal that ended it.
    func stop(_ signal: Int32) -> Int32 {
        send(signal)
        return end()
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    func end() -> Int32 {
        while let line = readLine() {
            if let value = try? JSONSerialization.jsonObject(with: line) as? [String: Any], let event = value["event"] as? [String: Any] {
                events.append(event)
            }
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func readLine() -> Data? {
        while true {
            if let end = buffered.firstIndex(of: 0x0A) {
                let line = buffered[buffered.startIndex..<end]
                buffered = Data(buffered[buffered.index(after: end)...])
                return Data(line)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            buffered.append(more)
        }
    }

    struct EndedEarly: Error {
        var wanted: String
        var events: String
    }
}

/// A datagram socket as a supervisor has it.
final class SupervisorDouble {
    let path: String
    private let handle: Int32

    init(at path: String) throws {
        self.path = path
        handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(handle) }

    /// The next message; empty when none comes.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(handle, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
