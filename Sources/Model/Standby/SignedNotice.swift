import Foundation

/// Which of the files by which installations know of each other.
package enum NoticeKind: String, Sendable, Codable, CaseIterable {
    case epoch, active, standby

    /// For messages.
    package var words: String {
        switch self {
        case .epoch: "epoch record"
        case .active: "notice of the active one"
        case .standby: "notice of a standby"
        }
    }

    /// Bytes of the largest one that is read; policies stand in that of the active one.
    package var limit: Int { self == .active ? 1 << 20 : 1 << 16 }
}

/// What signs and proves notices: derived from the key of the repository that they lie beside.
package struct NoticeKey: Sendable {
    /// The repository's id.
    package let repository: String
    /// A MAC over the bytes, 64 hex digits.
    package let sign: @Sendable ([UInt8]) throws -> String

    package init(repository: String, sign: @escaping @Sendable ([UInt8]) throws -> String) {
        self.repository = repository
        self.sign = sign
    }
}

/// Where a notice belongs: its signature holds for no other place.
package struct NoticePlace: Hashable, Sendable {
    package var kind: NoticeKind
    /// The cluster's id.
    package var cluster: String
    /// The file's name.
    package var name: String

    package init(_ kind: NoticeKind, cluster: String, name: String) {
        self.kind = kind
        self.cluster = cluster
        self.name = name
    }
}

/// A notice as it lies in a target: ``SignedText`` that says where it belongs. Nothing of it is decoded before the signature is proven.
package enum SignedNotice {
    package static let newestFormat = 2

    private struct Envelope<Body: Codable>: Codable {
        var body: Body
        var cluster: String
        var format: Int
        var kind: NoticeKind
        var name: String
        var repository: String
        var signature: String
    }

    /// What every envelope has, whatever is in it.
    private struct Label: Decodable {
        var cluster: String
        var kind: NoticeKind
        var name: String
        var repository: String
    }

    package static func encode(_ body: some Codable, at place: NoticePlace, _ key: NoticeKey) throws -> [UInt8] {
        let envelope = Envelope(
            body: body, cluster: place.cluster, format: newestFormat, kind: place.kind, name: place.name, repository: key.repository,
            signature: SignedText.noSignature)
        let json = try NoticeCodec.encode(envelope, place.kind.words)
        guard let signed = try SignedText.signed(json, by: key.sign) else {
            throw Failure(.internal, "cannot sign the \(place.kind.words)")
        }
        return signed
    }

    /// Nil for what was not signed with the key, or for another place. Throws `refused` for a newer format that was, `damaged` when it cannot be read.
    package static func decode<Body: Codable>(
        _: Body.Type, _ bytes: [UInt8], at place: NoticePlace, _ key: NoticeKey, path: String
    ) throws -> Body? {
        guard try SignedText.isSigned(bytes, by: key.sign) else { return nil }
        let label = try NoticeCodec.decode(Label.self, bytes, place.kind.words, at: path, newest: newestFormat)
        guard NoticePlace(label.kind, cluster: label.cluster, name: label.name) == place, label.repository == key.repository else {
            return nil
        }
        return try NoticeCodec.decode(Envelope<Body>.self, bytes, place.kind.words, at: path, newest: newestFormat).body
    }
}
