import Glibc

extension Descriptor {
    /// What root has just made in a directory of another user's becomes that user's: whoever owns a cluster's state or a target can go on working in it,
    /// whoever ran a command there. On a share where root is nobody it stays as it is.
    package borrowing func takeOwner(of folder: borrowing Descriptor) throws(SystemError) {
        guard geteuid() == 0 else { return }
        let owner = try folder.status()
        guard owner.uid != 0 else { return }
        do throws(SystemError) { try setOwner(uid: owner.uid, gid: owner.gid) } catch {
            guard error.errno == EPERM || error.isUnsupported else { throw error }
        }
    }

    /// A new directory that belongs to the owner of this one; see ``takeOwner(of:)``.
    package borrowing func makeSharedDirectory(_ name: [UInt8], mode: UInt32 = 0o700) throws(SystemError) {
        try makeDirectory(name, mode: mode)
        try openDirectory(name).takeOwner(of: self)
    }
}
