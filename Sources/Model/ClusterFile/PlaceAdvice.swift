/// Which places there are for repositories, told to who wrote the address of another one.
package enum PlaceAdvice {
    /// `isStorage`: for the cluster's own snapshots, which may lie in HDFS.
    static func remedy(_ text: String, isStorage: Bool) -> String {
        let places = isStorage ? "a directory, or hdfs://NAMENODE:9870/PATH" : "a directory: a share is mounted first"
        return "write the path of \(places)" + (relative(text).map { "; for a directory of that name: \($0)" } ?? "")
    }

    private static func relative(_ text: String) -> String? { text.contains("//") ? nil : "./\(printable(text))" }

    /// Throws `usage` for what is written like an address: a directory of that name would be made. `what`: "a target".
    package static func checkDirectory(_ text: String, for what: String) throws(Failure) {
        guard let prefix = PathText.addressPrefix(of: text) else { return }
        let isHDFS = HDFSAddress.isMeant(by: text)
        throw Failure(
            .usage, "\"\(printable(text))\" begins like an address (\(printable(prefix))), and \(what) is a directory",
            hint: isHDFS
                ? "mount a disk or share beside the HDFS and give its path: what lies in an HDFS is lost with it"
                : "mount the disk or share (NFS, SMB, sshfs, an object store by its FUSE file system) and give the path"
                    + (relative(text).map { "; for a directory of that name: \($0)" } ?? ""))
    }
}
