import Foundation

/// Who owns a cluster: one signed file a change of owner in the target, `holdfast/epochs/CLUSTER/NUMBER`. The one with the highest number holds.
package struct EpochRecord: Hashable, Sendable, Codable {
    package static let newestFormat = 1

    /// Why the owner changed.
    package enum Reason: String, Sendable, Codable {
        /// The primary found that somebody keeps a standby of it.
        case watched
        /// A standby took over.
        case promotion
        /// The primary made way for a standby that asked for it.
        case handover
        /// A fenced cluster took itself back by order of a person.
        case override
    }

    package var format: Int
    /// See ``EpochNumber``. Numbers only go up; one that somebody has taken with a file that is not signed is passed over.
    package var epoch: UInt64
    /// Id of the cluster, which its standbys share.
    package var cluster: String
    /// Id of the installation that owns the cluster from now on.
    package var owner: String
    /// For people: the host of the owner, and the user and host of whoever wrote this.
    package var host: String
    package var writer: String
    package var raised: Timestamp
    package var reason: Reason
    /// In a person's own words; of an override.
    package var words: String?
    /// The backup whose state the new owner starts from; of a promotion and a handover.
    package var backup: String?
    /// Random; tells whose writing it was when the answer was lost.
    package var token: String

    package init(
        epoch: UInt64, cluster: String, owner: String, host: String, writer: String, raised: Timestamp, reason: Reason,
        words: String? = nil, backup: String? = nil, token: String
    ) {
        format = Self.newestFormat
        self.epoch = epoch
        self.cluster = cluster
        self.owner = owner
        self.host = host
        self.writer = writer
        self.raised = raised
        self.reason = reason
        self.words = words
        self.backup = backup
        self.token = token
    }
}

extension EpochRecord {
    /// Whether it says what the record of this number, of this cluster, has to say.
    package func isSound(as number: UInt64, of cluster: String) -> Bool {
        epoch == number && self.cluster == cluster && InstallationID.isSound(owner)
    }
}

/// What the active cluster tells its standbys: `holdfast/epochs/CLUSTER/active`.
package struct ActiveNotice: Hashable, Sendable, Codable {
    package static let newestFormat = 1

    package var format: Int
    /// Id of the installation.
    package var owner: String
    /// Under which it owned the cluster, and which notice of its it is: an older one does not count. Nil in those of before they were signed.
    package var epoch: UInt64?
    package var serial: UInt64?
    package var host: String
    package var release: Release
    package var program: String
    /// By the clock of the owner; the file's own time is the target's clock.
    package var written: Timestamp
    /// Name of the target, as the policies call it.
    package var target: String
    package var policies: Policies

    package init(
        owner: String, host: String, release: Release, program: String, written: Timestamp, target: String, policies: Policies
    ) {
        format = Self.newestFormat
        self.owner = owner
        self.host = host
        self.release = release
        self.program = program
        self.written = written
        self.target = target
        self.policies = policies
    }

    /// Whether it was told after `other`, as far as that is known.
    package func isNewer(than other: ActiveNotice?) -> Bool {
        guard let other else { return true }
        return (epoch ?? 0, serial ?? 0) > (other.epoch ?? 0, other.serial ?? 0)
    }
}

/// A standby that says that it is there: `holdfast/epochs/CLUSTER/standbys/INSTALLATION`.
package struct StandbyNotice: Hashable, Sendable, Codable {
    package static let newestFormat = 1

    package var format: Int
    package var member: String
    package var host: String
    package var since: Timestamp
    /// Which notice of the standby's it is: an older one does not count. Nil in those of before they were signed.
    package var serial: UInt64?
    /// Asks the active cluster to make way: a planned switchover.
    package var request: HandoverRequest?

    package init(member: String, host: String, since: Timestamp, serial: UInt64? = nil, request: HandoverRequest? = nil) {
        format = Self.newestFormat
        self.serial = serial
        self.member = member
        self.host = host
        self.since = since
        self.request = request
    }
}

/// The wish of a standby to take over without any loss.
package struct HandoverRequest: Hashable, Sendable, Codable {
    /// Of the promotion that it belongs to.
    package var token: String
    package var asked: Timestamp
    /// After this nobody waits for an answer.
    package var until: Timestamp
    /// Why the active cluster did not make way; nil as long as it has not answered.
    package var refusal: String?

    package init(token: String, asked: Timestamp, until: Timestamp, refusal: String? = nil) {
        self.token = token
        self.asked = asked
        self.until = until
        self.refusal = refusal
    }
}

/// JSON of the small files by which clusters and standbys know of each other.
package enum NoticeCodec {
    package static func encode(_ value: some Encodable, _ what: String) throws(Failure) -> [UInt8] {
        do { return try StableJSON.encode(value) } catch { throw Failure(.internal, "cannot write the \(what)", cause: "\(error)") }
    }

    /// `path` is for messages. Throws `damaged`, or `refused` for a newer format.
    package static func decode<Value: Decodable>(
        _: Value.Type, _ json: [UInt8], _ what: String, at path: String, newest: Int = EpochRecord.newestFormat
    ) throws(Failure) -> Value {
        do {
            try StableJSON.checkFormat(of: json, newest: newest, what: "\(what) \(path)")
            return try JSONDecoder().decode(Value.self, from: Data(json))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .damaged, "the \(what) \(path) cannot be read", hint: "restore it from a copy, or ask the other cluster what it says",
                cause: StableJSON.describe(error))
        }
    }
}
