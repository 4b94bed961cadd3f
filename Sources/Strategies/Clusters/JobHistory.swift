import Glibc
import HostIO
package import Model

/// What was done to a cluster, job by job, in `jobs/` of its state: `12.json` is the record of a job, `12.log` what it told.
///
/// A job that runs holds an flock(2) on its log, so everybody can see whether its process is still there. Nothing here needs the lock of the
/// cluster, and nothing that goes wrong here keeps a job from being done.
package struct JobHistory: Sendable {
    /// Records kept; older ones go.
    static let limit = 1000
    /// Bytes of one log; what comes after is left out.
    static let longestLog = 4 << 20

    let state: StateDirectory
    let host: Host

    /// Oldest first. One whose process is gone is `interrupted`.
    package func list() throws -> [JobRecord] { try numbers().compactMap(record) }

    /// Throws `notFound`.
    package func job(_ number: Int) throws -> JobRecord {
        if let record = try record(number) { return record }
        throw Failure(.notFound, "there is no job \(number)", hint: "holdfast jobs shows those that are known")
    }

    /// What a job has told, oldest first.
    package func log(of number: Int) throws -> [JobLogLine] {
        guard let bytes = try read("\(number).log") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { JobLogLine(stored: $0) }
    }

    /// Notes for good that jobs were interrupted. Called where a new process begins to work.
    package func settle() throws {
        for number in try numbers() {
            guard let known = try stored(number), known.outcome == .running, let record = try record(number) else { continue }
            if record.outcome == .interrupted { try save(record) }
        }
    }

    /// Begins a job. Nil where that cannot be noted: the job goes on without.
    func begin(_ command: String, cause: String?, caller: JobCaller? = nil) -> RunningJob? {
        do {
            var number = try numbers().last ?? 0
            while true {
                number += 1
                guard let log = try openNew("\(number).log") else { continue }
                var record = JobRecord(
                    number: number, command: command, cause: cause ?? host.user, process: host.processID, began: host.clock.now())
                record.boot = host.boot
                record.caller = caller
                record.isUnattended = cause == nil ? nil : true
                let job = RunningJob(record, in: self, log: log)
                try save(record)
                try? sweep(upTo: number - Self.limit)
                return job
            }
        } catch { return nil }
    }

    /// Notes a job that was not begun.
    func skip(_ command: String, cause: String?, _ reason: String) {
        begin(command, cause: cause)?.skip(reason)
    }

    func save(_ record: JobRecord) throws {
        try AtomicFile.write(try record.json(), to: Array("\(record.number).json".utf8), in: folder().descriptor)
    }

    /// Never through a symbolic link, by which the owner of the state could have somebody else write elsewhere.
    private func folder() throws -> SharedDescriptor { try state.subfolder(StateDirectory.jobs) }

    private func existingFolder() throws -> SharedDescriptor? { try state.existingSubfolder(StateDirectory.jobs) }

    private func read(_ name: String) throws -> [UInt8]? {
        try existingFolder().flatMap { try AtomicFile.readIfPresent(name, in: $0.descriptor) }
    }

    /// A file with a larger number is none of a job's.
    private static let largest = 1 << 53

    /// Of all jobs that have a log, in order.
    private func numbers() throws -> [Int] {
        guard let folder = try existingFolder() else { return [] }
        return try folder.descriptor.entries().compactMap { entry in
            let name = String(decoding: entry.name, as: UTF8.self)
            return name.hasSuffix(".log") ? Int(name.dropLast(4)).flatMap { (1...Self.largest).contains($0) ? $0 : nil } : nil
        }.sorted()
    }

    /// Nil when another one has it already.
    private func openNew(_ name: String) throws -> SharedDescriptor? {
        do {
            let folder = try folder()
            let log = SharedDescriptor(try folder.descriptor.open(Array(name.utf8), [.write, .createNew, .append]))
            try log.descriptor.takeOwner(of: folder.descriptor)
            _ = try log.descriptor.tryLock()
            return log
        } catch let error as SystemError where error.isExists { return nil }
    }

    private func stored(_ number: Int) throws -> JobRecord? {
        try read("\(number).json").flatMap(JobRecord.init(json:))
    }

    private func record(_ number: Int) throws -> JobRecord? {
        guard var record = try stored(number) else { return nil }
        guard record.outcome == .running, try !isHeld(number) else { return record }
        // It may have ended between the two looks.
        record = try stored(number) ?? record
        record.interrupt(boot: host.boot)
        return record
    }

    /// Whether a process that works on it is there. A shared lock, so that two who look do not take each other for one.
    private func isHeld(_ number: Int) throws -> Bool {
        guard let folder = try existingFolder() else { return false }
        do throws(SystemError) {
            return try !folder.descriptor.open(Array("\(number).log".utf8), [.read, .nonBlocking]).tryLock(shared: true)
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    private func sweep(upTo last: Int) throws {
        let folder = try folder()
        for number in try numbers().prefix(while: { $0 <= last }) where try !isHeld(number) {
            for name in ["\(number).json", "\(number).log"] { try removeTree(Array(name.utf8), in: folder.descriptor) }
        }
    }
}
