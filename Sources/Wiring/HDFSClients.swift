import HostIO
import Model
import Synchronization
import WebHDFS

/// One client for each address and way of access, as long as the process runs: its connections and what it knows of the NameNodes are worth
/// keeping.
final class HDFSClients: Sendable {
    private struct Key: Hashable {
        var address: String
        var access: HDFSAccess
        var user: String
    }

    private let job: JobControl
    private let patience: Duration
    private let clients = Mutex<[Key: HDFSClient]>([:])

    init(_ job: JobControl, patience: Duration) {
        self.job = job
        self.patience = patience
    }

    func client(_ address: String, _ access: HDFSAccess, _ host: Host) throws -> HDFSClient {
        let key = Key(address: address, access: access, user: host.user)
        if let known = clients.withLock({ $0[key] }) { return known }
        let client = try make(address, access, host)
        return clients.withLock { clients in
            if let known = clients[key] { return known }
            clients[key] = client
            return client
        }
    }

    private func make(_ address: String, _ access: HDFSAccess, _ host: Host) throws -> HDFSClient {
        let place: HDFSAddress
        do throws(HDFSAddress.Problem) { place = try HDFSAddress(parsing: address) } catch {
            throw Failure(.clusterFile, error.text, hint: error.remedy)
        }
        let identity: HDFSOptions.Identity =
            if let file = access.tokenFile { .token(try HDFSToken(file: file)) } else { .user(access.user ?? host.user) }
        var options = HDFSOptions(
            identity, authorityFile: access.authorityFile, patience: patience, safeModePatience: patience)
        options.onWait = { [job] error in job.note("waiting: \(error.failure.summary)") }
        return try HDFSClient(place, options, clock: host.clock)
    }
}
