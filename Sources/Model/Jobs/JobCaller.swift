/// Who asked for a job over HTTP, as the service knows it.
package struct JobCaller: Hashable, Sendable, Codable {
    /// The user of the process that is connected to the Unix socket (unix(7), SO_PEERCRED). Nil over TCP.
    package var user: String?
    /// The address that the request came from. Nil through a Unix socket.
    package var address: String?
    /// Which token was shown, by its name in the token file.
    package var token: String

    package init(user: String? = nil, address: String? = nil, token: String) {
        self.user = user
        self.address = address
        self.token = token
    }

    /// "alice, token ops".
    package var text: String { [user ?? address, "token \(token)"].compactMap { $0 }.joined(separator: ", ") }
}
