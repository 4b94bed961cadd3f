package import HostIO

/// Makes a directory of this machine equal to an image, touching only what differs. Nothing outside of the directory is written:
/// every step is by name in an open directory, and symlinks are never followed.
package struct TreeRestore: Sendable {
    package struct Options: Sendable {
        /// Entries that are not in the image are deleted.
        package var deletesExtra: Bool
        /// Names in the root directory that are neither compared nor touched.
        package var excludedAtRoot: Set<[UInt8]>

        package init(deletesExtra: Bool = true, excludedAtRoot: Set<[UInt8]> = []) {
            self.deletesExtra = deletesExtra
            self.excludedAtRoot = excludedAtRoot
        }
    }

    let image: ImageTree
    let destination: String
    let host: Host
    let options: Options

    /// `destination` is the path of a directory, itself reached through symlinks if there are any; it is made, with its parents, when it is
    /// not there.
    package init(image: ImageTree, destination: String, host: Host, options: Options = Options()) {
        self.image = image
        self.destination = destination
        self.host = host
        self.options = options
    }
}
