/// How an HDFS is spoken to; the address says where it is.
///
/// Kerberos (SPNEGO) is not spoken: on a cluster that demands it, a delegation token stands for it.
package struct HDFSOptions: Sendable {
    package enum Identity: Sendable {
        /// `user.name`: as whom a cluster without Kerberos takes the request.
        case user(String)
        /// Sent as `delegation` with every request; it names its user itself.
        case token(HDFSToken)
    }

    package var identity: Identity
    /// A PEM file with the certificates that a server's must lead to; nil: those of the system. For `swebhdfs://` only.
    package var authorityFile: String?
    /// Until a connection stands.
    package var connectTimeout: Duration
    /// Until an answer has come, or the next bytes of a stream have, or bytes are taken. Ten times this for what takes time by the size of
    /// a tree or file: summaries, removals, checksums, comparisons of snapshots.
    package var answerTimeout: Duration
    /// How long it is tried to find a NameNode that answers and is active, all of one call's tries together.
    package var patience: Duration
    /// How long a call waits for the end of safe mode; zero: it is an error at once.
    package var safeModePatience: Duration
    /// Hears, once for each call, why it waits.
    package var onWait: @Sendable (HDFSError) -> Void = { _ in }
    /// Of new files; nil: what the cluster has as its default.
    package var replication: Int?
    /// Of new files, in bytes; nil: what the cluster has as its default.
    package var blockSize: UInt64?

    package init(
        _ identity: Identity, authorityFile: String? = nil, connectTimeout: Duration = .seconds(5), answerTimeout: Duration = .seconds(60),
        patience: Duration = .seconds(15), safeModePatience: Duration = .zero, replication: Int? = nil, blockSize: UInt64? = nil
    ) {
        self.identity = identity
        self.authorityFile = authorityFile
        self.connectTimeout = connectTimeout
        self.answerTimeout = answerTimeout
        self.patience = patience
        self.safeModePatience = safeModePatience
        self.replication = replication
        self.blockSize = blockSize
    }

    package init(user: String) { self.init(.user(user)) }
}
