/// A directory by where its file system has it. Bind mounts and subvolumes of one file system share its device.
package struct MountPosition: Hashable, Sendable {
    /// Major and minor number: "8:1".
    package var device: String
    /// From the root of the file system.
    package var path: String

    package init(device: String, path: String) {
        self.device = device
        self.path = path
    }

    /// Whether it is that directory or lies below it.
    package func isInside(_ outer: MountPosition) -> Bool { device == outer.device && Path.isInside(path, outer.path) }
}

extension MountTable.Mount {
    /// Where a directory that is reached through this mount lies in its file system. `real`: without symbolic links, at or below the mount point.
    func position(of real: String) -> MountPosition? {
        guard Path.isInside(real, place) else { return nil }
        let rest = real.dropFirst(place == "/" ? 0 : place.utf8.count)
        return MountPosition(device: root.device, path: root.path == "/" ? (rest.isEmpty ? "/" : String(rest)) : root.path + rest)
    }
}
