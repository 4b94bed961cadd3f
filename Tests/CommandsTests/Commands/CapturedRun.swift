import Clusters
import Commands
import HostIO
import Model
import StoreContract

extension CapturedConsole {
    /// Runs a command in this process. There are no stores and storages: what needs one fails with `internal`.
    func run(_ arguments: [String], in workingDirectory: String = "/nonexistent") -> Int32 {
        let missing = Failure(.internal, "no driver in this test")
        let drivers = Drivers(adapter: { _, _, _ in throw missing }, place: { _, _, _ in throw missing })
        let run = CommandLineRun(
            host: .current(), drivers: drivers, workingDirectory: workingDirectory, job: JobControl(),
            console: { self.console($0 ? .json : .plain, canAnswer: false) })
        return run.run(arguments)
    }
}
