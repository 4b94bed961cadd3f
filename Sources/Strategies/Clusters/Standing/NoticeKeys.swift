import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Synchronization

/// Keys of notices that this process knows: a service looks at the epochs every minute, and deriving a key takes a good part of a second and asks the
/// operator's password command.
private enum KnownNoticeKeys {
    private static let most = 64

    struct Slot: Hashable {
        /// The directory of the cluster's state, and the path of the target.
        let state: String
        let target: String
        /// The bytes of the repository's config: another repository there has other ones.
        let config: [UInt8]
    }

    private static let known = Mutex<[Slot: NoticeKey]>([:])

    static subscript(_ slot: Slot) -> NoticeKey? { known.withLock { $0[slot] } }

    static func keep(_ key: NoticeKey, for slot: Slot) {
        known.withLock { known in
            if known.count >= most { known = [:] }
            known[slot] = key
        }
    }
}

extension Cluster {
    private static let noticePurpose = "holdfast epochs"

    /// What signs the notices in a target: whoever can open the repository there can make and prove them, and nobody else.
    func noticeKey(of target: String) throws -> NoticeKey {
        let config = try place(at: target).storage().read(ObjectName(known: RepositoryLayout.config), limit: 1 << 16)
        let slot = KnownNoticeKeys.Slot(state: file.state, target: target, config: config)
        if let known = KnownNoticeKeys[slot] { return known }
        let repository = try openedBefore(target)
        let signing = try repository.signingKey(for: Self.noticePurpose)
        let key = NoticeKey(repository: repository.id) { try signing.signature(of: $0) }
        KnownNoticeKeys.keep(key, for: slot)
        return key
    }

    /// `cluster`: its id; nil is this one.
    package func epochs(in target: String, of cluster: String? = nil) throws -> EpochFolder {
        EpochFolder(target: target, cluster: try cluster ?? catalogue().clusterID, host: host) { try self.noticeKey(of: target) }
    }
}
