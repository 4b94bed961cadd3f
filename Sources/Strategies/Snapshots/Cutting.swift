import Clusters
import HostIO
import Model
import StoreContract
import Synchronization

/// The cut: quiesce hook, all adapters capture side by side, resume hook; measured.
struct Cutting {
    let cluster: Cluster
    let adapters: [any StoreAdapter]
    /// One for each of the adapters.
    let requests: [CaptureRequest]

    struct Outcome {
        /// In the order of the adapters.
        var captures: [Capture]
        var cut: Cut
    }

    /// A hook that fails or runs too long: no snapshot, and the resume hook still runs. A signal ends the quiesce hook, and never the resume hook.
    func run() throws -> Outcome {
        let clock = cluster.host.clock
        let start = clock.monotonicNanoseconds()
        let began = clock.now()
        guard let hooks = cluster.file.quiesce else {
            let captures = try capture()
            return Outcome(captures: captures, cut: cut(captures, began: began, pause: 0, .bounded))
        }
        let quiesced = Result { try run(hooks.begin, "begin", hooks, .endsToo) }
        let captures = quiesced.flatMap { _ in Result { try capture() } }
        let resumed = Result { try run(hooks.end, "end", hooks, .runsOn) }
        let pause = Double(clock.monotonicNanoseconds() &- start) / 1e9
        do {
            let captures = try captures.get()
            do { try resumed.get() } catch {
                for (adapter, capture) in zip(adapters, captures) { adapter.release(capture, outcome: .abandoned) }
                throw error
            }
            return Outcome(captures: captures, cut: cut(captures, began: began, pause: pause, .quiesced))
        } catch {
            guard case .failure(let second) = resumed, case .success = quiesced else { throw error }
            throw Failure(describing: second)
        }
    }

    private func cut(_ captures: [Capture], began: Timestamp, pause: Double, _ consistency: Cut.Consistency) -> Cut {
        let first = captures.map(\.began).min() ?? began
        let last = captures.map(\.ended).max() ?? began
        return Cut(began: first, ended: last, pauseSeconds: pause, skewSeconds: max(0, last.secondsSince(first)), consistency: consistency)
    }

    private func run(_ command: String, _ which: String, _ hooks: QuiesceHooks, _ onEnding: ChildProcess.OnEnding) throws {
        var process = ChildProcess.shell(command, timeout: .milliseconds(hooks.timeoutMilliseconds))
        process.onEnding = onEnding
        let result = try process.run()
        guard result.succeeded else {
            let words = printableLines(result.errorText, limit: 200)
            throw Failure(
                .hook, "the quiesce hook “\(which)” \(result.ending.text)", hint: "run it by hand: \(command)",
                cause: words.isEmpty ? nil : words)
        }
    }

    /// Stores that are captured at the same instant; with more, the cut takes longer.
    private static let width = 128

    /// All or none: when one adapter fails, what the others pinned is let go.
    private func capture() throws -> [Capture] {
        let made = Mutex<[Int: Capture]>([:])
        do {
            try runWorkers(Self.width, sharing: adapters.count, named: "cut") { next in
                while let index = next() {
                    do {
                        let capture = try adapters[index].capture(requests[index])
                        made.withLock { $0[index] = capture }
                    } catch {
                        throw Failure(describing: error).about(store: adapters[index].declaration.name)
                    }
                }
            }
        } catch {
            for (index, capture) in made.withLock({ $0 }) { adapters[index].release(capture, outcome: .abandoned) }
            throw error
        }
        return made.withLock { made in adapters.indices.compactMap { made[$0] } }
    }
}
