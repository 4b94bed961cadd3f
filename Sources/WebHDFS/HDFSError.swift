import HostIO
package import Model

/// HDFS could not do what was asked.
package struct HDFSError: FailureConvertible, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case notFound = "there is no such file or directory"
        case exists = "it exists already"
        case notDirectory = "a part of the path is a file"
        case notEmpty = "the directory is not empty"
        case permission = "permission denied"
        /// Of files and directories.
        case namespaceQuota = "the quota of names is exceeded"
        /// Of bytes, all replicas counted.
        case spaceQuota = "the quota of space is exceeded"
        /// No DataNodes, too few, or full ones.
        case noSpace = "no DataNodes that take the data"
        /// No DataNode that runs has a copy of a block.
        case noReplica = "no DataNode that runs has a copy"
        case safeMode = "the NameNode is in safe mode"
        /// All NameNodes of the address are.
        case standby = "no NameNode is active"
        /// Starting, or asking to be asked again.
        case busy = "the NameNode is not ready"
        case unreachable = "no answer"
        /// The answer to a change that cannot be asked for twice was lost.
        case uncertain = "the answer was lost; it may have been done"
        case unauthorized = "who asks was not accepted"
        case untrusted = "its certificate is not accepted"
        /// A snapshot stands in the way of a removal, or a snapshottable directory above or below in that of another.
        case snapshotInTheWay = "a snapshot is in the way"
        case notSnapshottable = "the directory is not snapshottable"
        /// A file ends before the bytes that were asked for, or before those that were written.
        case truncated = "it is shorter than expected"
        /// The request makes no sense to the NameNode.
        case invalid = "refused as invalid"
        /// What answers does not speak WebHDFS.
        case notHDFS = "not the answer of an HDFS"
        case other = "it failed"
        /// This process was asked to end while it waited for another try.
        case stopped = "stopped"
    }

    package let kind: Kind
    /// What was tried, as a verb with its preposition: "list", "create a snapshot of".
    package let operation: String
    package let path: HDFSPath
    /// The NameNode or DataNode that answered, or did not: HOST:PORT.
    package let server: String?
    /// Of HTTP, when there was an answer.
    package let status: Int?
    /// The simple name of the exception in Hadoop: "AccessControlException".
    package let exception: String?
    /// The first line of Hadoop's own words, or the network's. Without tokens.
    package let detail: String?

    package init(
        _ kind: Kind, _ operation: String, _ path: HDFSPath, server: String? = nil, status: Int? = nil, exception: String? = nil,
        detail: String? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.path = path
        self.server = server
        self.status = status
        self.exception = exception
        self.detail = detail
    }

    package var failure: Failure {
        if kind == .stopped { return Cancelled().failure }
        let from = server.map { " (\($0))" } ?? ""
        let cause = [exception, detail].compactMap { $0 }.joined(separator: ": ")
        return Failure(
            code, "cannot \(operation) \(path) in HDFS\(from): \(kind.rawValue)", hint: remedy, cause: cause.isEmpty ? nil : cause)
    }

    private var code: FailureCode {
        switch kind {
        case .notFound: .notFound
        case .exists: .exists
        case .namespaceQuota, .spaceQuota, .noSpace: .space
        case .snapshotInTheWay, .notSnapshottable, .notEmpty, .notDirectory, .invalid: .refused
        case .truncated: .damaged
        case .stopped: .cancelled
        case .permission, .noReplica, .safeMode, .standby, .busy, .unreachable, .uncertain, .unauthorized, .untrusted, .notHDFS, .other:
            .storage
        }
    }

    private var remedy: String {
        switch kind {
        case .notFound: "check the spelling, and whether it was removed meanwhile"
        case .exists: "remove or rename what is there"
        case .notDirectory: "check the spelling: a file stands where a directory is needed"
        case .notEmpty: "something was written there meanwhile: look at it, then run the command again"
        case .permission: "use a user who may do that, or correct owner, mode or ACL (hdfs dfs -chown, -chmod, -setfacl)"
        case .namespaceQuota: "remove files, or raise the quota: hdfs dfsadmin -setQuota N DIRECTORY"
        case .spaceQuota:
            "remove data, or raise the quota: hdfs dfsadmin -setSpaceQuota N DIRECTORY; a file being written counts whole blocks, times replicas"
        case .noSpace: "look at the DataNodes: hdfs dfsadmin -report"
        case .noReplica: "start the DataNodes that have it: hdfs fsck PATH -files -blocks -locations"
        case .safeMode: "wait until it has left safe mode (hdfs dfsadmin -safemode get); `-safemode leave` ends it by hand"
        case .standby:
            "name all NameNodes in the address: hdfs://NN1:9870,NN2:9870/PATH; `hdfs haadmin -getAllServiceState` tells their states"
        case .busy: "wait until the NameNode has started, then run the command again"
        case .unreachable:
            "check that it runs, and host and port: of the NameNode's web interface (9870), not of its RPC (8020), and hosts, not a nameservice"
        case .uncertain: "look whether it was done, then run the command again"
        case .unauthorized: Self.tokenRemedy
        case .untrusted: "give the certificate of the authority that signed it (CA file), and the name that stands in it"
        case .snapshotInTheWay: "look at the snapshots: hdfs lsSnapshottableDir, hdfs dfs -ls DIRECTORY/.snapshot"
        case .notSnapshottable: "allow snapshots of it, as the superuser: hdfs dfsadmin -allowSnapshot DIRECTORY"
        case .truncated: "the file was changed meanwhile or is damaged: hdfs fsck PATH -files -blocks"
        case .invalid: "look at the name and the values: HDFS does not take them"
        case .notHDFS: "check host and port: of the NameNode's web interface (9870), with WebHDFS enabled there (dfs.webhdfs.enabled)"
        case .stopped: "run the same command again"
        case .other: "look at the logs of the NameNode and of the DataNodes"
        }
    }

    /// SPNEGO is not spoken here.
    private static let tokenRemedy = """
        give a valid delegation token (token file); with Kerberos, get one: curl --negotiate -u : \
        'http://NAMENODE:9870/webhdfs/v1/?op=GETDELEGATIONTOKEN' >FILE
        """
}
