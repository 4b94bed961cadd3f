package import Clusters
package import HostIO
import Model

/// What the demo did, and how long each part took.
package struct DemoReport: Sendable {
    package struct Step: Sendable {
        package var what: String
        package var seconds: Double
    }

    package var directory: String
    package var steps: [Step]
    package var seconds: Double
}

/// The whole story on a generated cluster: protect, damage, restore, back up, lose everything, restore elsewhere, prove it equal.
package struct Demo: Sendable {
    package var directory: String
    /// Of bulk data.
    package var megabytes: Int
    package var seed: UInt64
    package var host: Host
    package var drivers: Drivers
    package var program: String

    /// `directory` is absolute and must not exist.
    package init(directory: String, megabytes: Int, seed: UInt64, host: Host, drivers: Drivers, program: String) {
        self.directory = directory
        self.megabytes = megabytes
        self.seed = seed
        self.host = host
        self.drivers = drivers
        self.program = program
    }

    /// Tells the story line by line through `say`. Throws when anything is not as it should be.
    package func run(job: JobControl, _ say: @escaping (String) -> Void) throws -> DemoReport {
        guard try statusOfPath(directory) == nil else {
            throw Failure(.exists, "\(directory) exists already", hint: "name a directory that does not")
        }
        let story = Story(demo: self, job: job, say: say)
        return try story.tell()
    }

    func load(_ path: String) throws -> Cluster { try Cluster.load(path, host: host, drivers: drivers, program: program) }
}
