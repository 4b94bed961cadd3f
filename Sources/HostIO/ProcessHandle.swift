import Glibc
import Synchronization

/// Reaches a process as long as it has not been reaped: its number is nobody else's then.
package final class ProcessHandle: Sendable {
    private let process = Mutex<pid_t?>(nil)

    package init() {}

    /// Nothing when it does not run (any more).
    package func send(_ signal: Int32) { process.withLock { process in if let process { _ = kill(process, signal) } } }

    func started(_ number: pid_t) { process.withLock { $0 = number } }

    /// Before it is reaped.
    func endsNow() { process.withLock { $0 = nil } }
}
