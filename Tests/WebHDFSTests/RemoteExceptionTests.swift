import Testing

@testable import WebHDFS

/// Words of Hadoop 3.3.6, as its servers sent them, or as they stand in its sources.
@Suite struct RemoteExceptionTests {
    @Test(
        arguments: [
            ("FileNotFoundException", "File /none not found.", .notFound),
            ("StandbyException", "Operation category READ is not supported in state standby.", .standby),
            ("RetriableException", "Namenode is in startup mode", .busy),
            (
                "RetriableException",
                "org.apache.hadoop.hdfs.server.namenode.SafeModeException: Cannot create file/x. Name node is in safe mode.", .safeMode
            ),
            (
                "IOException",
                "File /x could only be written to 0 of the 1 minReplication nodes. There are 2 datanode(s) running and 2 node(s) are excluded",
                .noSpace
            ),
            ("IOException", "Failed to find datanode, suggest to check cluster health. excludeDatanodes=null", .noSpace),
            ("IOException", "No active nodes contain this block BP-1:blk_1_1", .noReplica),
            ("IOException", "Offset=2 out of the range [0, 2); OPEN, path=/t/g", .truncated),
            ("RemoteException", "Invalid path name /odd/a:b", .invalid),
            ("SnapshotException", "Directory is not a snapshottable directory: /s", .notSnapshottable),
            ("SnapshotException", "Failed to add snapshot: there is already a snapshot with the same name \"a\".", .exists),
            ("SnapshotException", "Cannot find the snapshot of directory /s with name zz", .notFound),
            (
                "SnapshotException", "The directory /s cannot be deleted since /s is snapshottable and already has snapshots",
                .snapshotInTheWay
            ),
            (
                "SnapshotException", "The directory /s has snapshot(s). Please redo the operation after removing all the snapshots.",
                .snapshotInTheWay
            ),
            (
                "SnapshotException",
                "Nested snapshottable directories not allowed: path=/s/sub, the ancestor /s is already a snapshottable directory.",
                .snapshotInTheWay
            ),
            ("IOException", "Something new", .other),
        ] as [(String, String, HDFSError.Kind)])
    func itsKindFollowsFromNameAndWords(name: String, message: String, kind: HDFSError.Kind) {
        #expect(RemoteException(name: name, message: message).kind == kind)
    }

    @Test func onlyTheFirstLineOfTheMessageIsTaken() {
        let body =
            #"{"RemoteException":{"exception":"IOException","javaClassName":"java.io.IOException","message":"first\n\tat org.apache.X"}}"#
        #expect(RemoteException(Array(body.utf8)) == RemoteException(name: "IOException", message: "first"))
        #expect(RemoteException(Array(#"{"RemoteException":{"exception":"X","message":null}}"#.utf8))?.message == "")
        #expect(RemoteException(Array("<html>".utf8)) == nil && RemoteException([]) == nil)
    }
}
