/// What the tags of a restic snapshot say about the manifest inside, so that a listing need not open the tree.
package struct SnapshotTags: Hashable, Sendable {
    /// Marks a snapshot that Holdfast wrote.
    package static let marker = "holdfast"

    package var kind: ManifestKind
    package var name: SnapshotName
    package var release: Release
    package var clusterID: String
    package var style: SnapshotStyle
    /// Backups only.
    package var mode: BackupMode?

    package init(of manifest: Manifest) {
        kind = manifest.kind
        name = manifest.name
        release = manifest.cluster.release
        clusterID = manifest.cluster.id
        style = manifest.style
        mode = manifest.mode
    }

    /// Free of commas, which restic splits tags at.
    package var tags: [String] {
        var tags = [Self.marker, "kind=\(kind.rawValue)", "name=\(name)"]
        if let mode { tags.append("mode=\(mode.rawValue)") }
        tags.append("style=\(style.rawValue)")
        tags.append("release=\(Self.escape(release))")
        tags.append("cluster-id=\(Self.escape(clusterID))")
        return tags
    }

    /// Nil when they are not Holdfast's or lack something; tags that others added are ignored.
    package init?(parsing tags: [String]) {
        guard tags.contains(Self.marker) else { return nil }
        func value(_ key: String) -> String? { tags.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) } }
        guard let kind = value("kind").flatMap(ManifestKind.init(rawValue:)), let name = try? value("name").map({ try SnapshotName($0) }),
            let release = value("release").flatMap(Self.unescape), let clusterID = value("cluster-id").flatMap(Self.unescape)
        else { return nil }
        self.kind = kind
        self.name = name
        self.release = release
        self.clusterID = clusterID
        style = value("style").flatMap(SnapshotStyle.init(rawValue:)) ?? .manual
        mode = value("mode").flatMap(BackupMode.init(rawValue:))
    }

    /// Percent-encodes the percent sign, commas, white space and control characters.
    static func escape(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "%") || byte == UInt8(ascii: ",") {
                result.append(UInt8(ascii: "%"))
                result += Array(hexByte(byte).utf8)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexByte(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }

    /// Nil for a broken escape or bytes that are not UTF-8.
    static func unescape(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue
            else { return nil }
            result.append(UInt8(high * 16 + low))
            index += 3
        }
        return String(validating: result, as: UTF8.self)
    }
}
