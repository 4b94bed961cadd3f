package import HostIO
package import Model
import Synchronization

/// An HDFS, through the WebHDFS of its NameNode and DataNodes (Hadoop 2.10, 3.x). A gateway (HttpFS, Knox) is something else.
///
/// Every call blocks its thread, which is one of Holdfast's own; every call may be made from several threads at once.
package final class HDFSClient: Sendable {
    package let address: HDFSAddress
    package let options: HDFSOptions
    let clock: any WallClock
    let web: WebClient
    /// The index of the NameNode that answered last.
    private let active = Atomic<Int>(0)

    /// Bytes of an answer that is not a stream: more than the list of two million changes between two snapshots.
    static let answerLimit = 512 << 20

    /// Nothing is asked before the first call. Throws when the file of the authority's certificates cannot be used.
    package init(_ address: HDFSAddress, _ options: HDFSOptions, clock: any WallClock) throws(Failure) {
        self.address = address
        self.options = options
        self.clock = clock
        web = try WebClient(options)
    }

    /// The body of the answer, from whichever NameNode is active.
    func send(_ call: Call) throws(HDFSError) -> [UInt8] { try perform(call).body }

    /// The answer of the active NameNode: a success, or a redirect to a DataNode.
    func perform(_ call: Call) throws(HDFSError) -> WebAnswer {
        var waiting = waiting()
        var errors: [Int: HDFSError] = [:]
        while true {
            let node = waiting.node
            do throws(HDFSError) {
                let answer = try ask(node, call)
                active.store(node, ordering: .relaxed)
                return answer
            } catch {
                guard let outcome = Self.outcome(of: error) else { throw error }
                errors[node] = error
                guard try waiting.pause(after: outcome, for: error) else { throw summary(of: errors, last: node) }
            }
        }
    }

    /// From now on, with the node that answered last.
    /// `limit`: not longer than that.
    func waiting(atMost limit: Duration? = nil) -> Waiting {
        let first = active.load(ordering: .relaxed) % address.nameNodes.count
        let failover = Failover(
            count: address.nameNodes.count, first: first, patience: min(options.patience, limit ?? options.patience),
            safeModePatience: options.safeModePatience)
        return Waiting(failover, clock, onWait: options.onWait)
    }

    private func ask(_ node: Int, _ call: Call) throws(HDFSError) -> WebAnswer {
        let server = address.nameNodes[node].description
        let url = base(of: server) + call.target(as: options.identity)
        let answer = try asking(server, call) { () throws(ExchangeError) in
            try web.exchange(call.operation.verb, url, limit: Self.answerLimit, isLong: call.operation.isLong)
        }
        if answer.status == 200 || answer.status == 201 || answer.status == 307 { return answer }
        throw self.error(answer, call, server)
    }

    /// The NameNode that answered last.
    var activeServer: String { address.nameNodes[active.load(ordering: .relaxed) % address.nameNodes.count].description }
    var activeBase: String { base(of: activeServer) }

    func base(of server: String) -> String { "\(address.transport == .plain ? "http" : "https")://\(server)" }

    /// Nil when another try cannot help, or could do twice what may be done once.
    private static func outcome(of error: HDFSError) -> Failover.Outcome? {
        switch error.kind {
        case .standby, .busy, .unreachable: .elsewhere
        case .safeMode: .safeMode
        default: nil
        }
    }

    /// Of several NameNodes, what became of each.
    private func summary(of errors: [Int: HDFSError], last node: Int) -> HDFSError {
        let all = errors.sorted { $0.key < $1.key }.map(\.value)
        let telling = all.first { $0.kind == .safeMode } ?? all.first { $0.kind == .standby }
        let error = telling ?? errors[node] ?? all[0]
        guard all.count > 1 else { return error }
        let each = all.map { "\($0.server ?? ""): \($0.kind.rawValue)\($0.detail.map { " (\($0))" } ?? "")" }
        return HDFSError(error.kind, error.operation, error.path, status: error.status, detail: each.joined(separator: "; "))
    }
}

/// ``Failover`` on a clock.
struct Waiting {
    private var failover: Failover
    private let clock: any WallClock
    private let onWait: @Sendable (HDFSError) -> Void
    private let started: UInt64
    /// Which one to ask now.
    private(set) var node: Int
    private var isTold = false

    /// `onWait` hears why, once.
    init(_ failover: Failover, _ clock: any WallClock, onWait: @escaping @Sendable (HDFSError) -> Void) {
        self.failover = failover
        self.clock = clock
        self.onWait = onWait
        started = clock.monotonicNanoseconds()
        node = failover.node
    }

    /// Sleeps as long as is to be waited for the next try; false when there is to be none. Throws `stopped` when the process is to end.
    mutating func pause(after outcome: Failover.Outcome, for error: HDFSError) throws(HDFSError) -> Bool {
        let elapsed = Duration.nanoseconds(Int64(clamping: clock.monotonicNanoseconds() - started))
        guard case .ask(let next, let pause) = failover.next(after: outcome, elapsed: elapsed) else { return false }
        if pause > .zero {
            if !isTold { onWait(error) }
            isTold = true
            guard EndingSignals.sleep(for: pause, on: clock) else { throw HDFSError(.stopped, error.operation, error.path) }
        }
        node = next
        return true
    }
}
