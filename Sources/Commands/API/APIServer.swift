import Clusters
import HostIO
import Model
import WebServer

/// The interface of a service, where the cluster file says so.
struct APIServer: Sendable {
    private let context: CommandContext
    private let drivers: Drivers
    private let clusterFile: String

    /// `drivers`: of the commands that it runs. `clusterFile`: absolute.
    init(_ context: CommandContext, _ drivers: Drivers, _ clusterFile: String) {
        self.context = context
        self.drivers = drivers
        self.clusterFile = clusterFile
    }

    /// Gives what ends it. What keeps it from listening is told, and keeps nobody from taking snapshots.
    func start() -> @Sendable () -> Void {
        do {
            let cluster = try Cluster.load(clusterFile, host: context.host, drivers: drivers, program: Program.text)
            guard let place = cluster.file.api.place else { return {} }
            let service = APIService(
                host: context.host, drivers: drivers, clusterFile: clusterFile, job: context.job,
                gate: APIGate(
                    APIToken(try cluster.accessTokens()), at: place, ownName: context.host.name, names: cluster.file.api.names))
            let server = try WebServer(at: place, certificate: cluster.file.api.certificate) { service.answer($0) }
            tell("listens on \(server.place.text)\(cluster.file.api.certificate == nil ? "" : " with TLS")", nil)
            return {
                server.stop()
                service.end()
            }
        } catch {
            let failure = Failure(describing: error)
            tell("the HTTP interface is not there: \(failure.summary)", failure)
            return {}
        }
    }

    private func tell(_ text: String, _ failure: Failure?) {
        let console = context.console
        guard console.mode == .json else { return console.out.print(text + (failure?.hint.map { " (\($0))" } ?? "")) }
        console.result([
            "event": Event(
                time: context.now, event: failure == nil ? "listening" : "failed", message: text, code: failure?.code, hint: failure?.hint)
        ])
    }

    private struct Event: Encodable {
        var time: Timestamp
        var event: String
        var message: String
        var code: FailureCode?
        var hint: String?
    }
}
