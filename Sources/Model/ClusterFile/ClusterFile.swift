/// Where the password of the repositories comes from.
package enum PasswordSource: Hashable, Sendable {
    /// Absolute path of a file whose first line it is.
    case file(String)
    /// A shell command that prints it.
    case command(String)
}

/// Commands that hold and release the writers of a cluster around a cut.
package struct QuiesceHooks: Hashable, Sendable {
    package static let defaultTimeoutMilliseconds: Int64 = 5000

    /// A shell command.
    package var begin: String
    /// A shell command; runs even when `begin` failed.
    package var end: String
    /// For each of the two.
    package var timeoutMilliseconds: Int64

    package init(begin: String, end: String, timeoutMilliseconds: Int64) {
        self.begin = begin
        self.end = end
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// A `targets:` entry.
package struct TargetDeclaration: Hashable, Sendable, Codable {
    package var name: String
    /// Absolute.
    package var path: String
    /// At another site than the cluster, as the operator says.
    package var isOffsite: Bool
    /// What was written there can be neither changed nor deleted from here, as the operator says.
    package var isImmutable: Bool

    package init(name: String, path: String, isOffsite: Bool = false, isImmutable: Bool = false) {
        self.name = name
        self.path = path
        self.isOffsite = isOffsite
        self.isImmutable = isImmutable
    }
}

/// As whom, and how, the HDFS of a cluster is spoken to.
package struct HDFSAccess: Hashable, Sendable {
    /// `user.name`; nil: the user that Holdfast runs as.
    package var user: String?
    /// Absolute path of a file with a delegation token, which then says who it is.
    package var tokenFile: String?
    /// Absolute path of a PEM file with the certificates that a NameNode's must lead to.
    package var authorityFile: String?

    package init(user: String? = nil, tokenFile: String? = nil, authorityFile: String? = nil) {
        self.user = user
        self.tokenFile = tokenFile
        self.authorityFile = authorityFile
    }
}

/// The topology of a cluster as its operator wrote it; never rewritten by a command. See `docs/cluster-file.md`.
package struct ClusterFile: Hashable, Sendable {
    /// Of the file itself; absolute when it was given so.
    package var path: String
    package var name: String
    package var release: Release
    /// Absolute, as are all paths here.
    package var state: String
    /// The place of the cluster's own snapshots: a directory, or one in HDFS by its address.
    package var storage: String
    package var hdfs: HDFSAccess
    package var password: PasswordSource
    /// In the order of the file; names and paths differ, none lies inside another.
    package var stores: [StoreDeclaration]
    package var quiesce: QuiesceHooks?
    package var alerts: AlertSettings
    package var objectives = Objectives()
    package var api: APISettings
    package var standby: StandbySettings
    /// What has to hold of a restored backup, in the order of the file.
    package var checks: [OperatorCheck]
    package var targets: [TargetDeclaration]
    /// Its text without secrets, for manifests; empty where it was not read from one.
    package var secretFree: String { SecretFreeFile(text).text }
    /// As it was read.
    var text = ""
    /// Lines of the entries by `storage`, `state`, `password-file`, `stores.NAME`, `targets.NAME`; counted from 1.
    package var lines: [String: Int]

    package init(
        path: String, name: String, release: Release, state: String, storage: String, password: PasswordSource,
        stores: [StoreDeclaration], hdfs: HDFSAccess = HDFSAccess(), quiesce: QuiesceHooks? = nil, alerts: AlertSettings = AlertSettings(),
        standby: StandbySettings = StandbySettings(), api: APISettings? = nil, targets: [TargetDeclaration] = [],
        checks: [OperatorCheck] = [], lines: [String: Int] = [:]
    ) {
        self.path = path
        self.name = name
        self.release = release
        self.state = state
        self.storage = storage
        self.password = password
        self.stores = stores
        self.hdfs = hdfs
        self.quiesce = quiesce
        self.alerts = alerts
        self.api = api ?? APISettings(state: state)
        self.standby = standby
        self.targets = targets
        self.checks = checks
        self.lines = lines
    }

    /// Of the store's native images: beside the repository in the cluster's storage, in a folder that restic passes over. Nil when that is not
    /// a directory of this host.
    package func nativeImageFolder(of store: String) -> String? {
        HDFSAddress.isMeant(by: storage) ? nil : "\(storage)/holdfast/images/\(store)"
    }

    package func store(named name: String) -> StoreDeclaration? { stores.first { $0.name == name } }

    /// `holdfast.yaml:7` of the entry with this key of ``lines``, for messages; the path alone when it is not known.
    package func place(of key: String) -> String { lines[key].map { "\(path):\($0)" } ?? path }
}
