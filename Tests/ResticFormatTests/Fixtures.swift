import CCrypto
import Foundation
import ResticFormat
import Testing

/// A golden file: its kind, its id where it has one, and its bytes.
struct Fixture: CustomTestStringConvertible, Sendable {
    let kind: String
    let id: String
    /// The last part of the name when there is a third: a pack's bytes.
    let packSize: UInt64?
    let bytes: [UInt8]

    var testDescription: String { "\(kind) \(id.prefix(8))" }
    var sha256: String { ResticFormatTests.sha256(bytes) }

    static func all(_ kind: String) throws -> [Fixture] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let fixtures = try files.map { try Fixture($0) }.filter { $0.kind == kind }
        return fixtures.sorted { $0.bytes.count > $1.bytes.count }
    }

    private init(_ file: URL) throws {
        let parts = file.deletingPathExtension().lastPathComponent.split(separator: "-").map { String($0) }
        kind = parts[0]
        id = parts.count > 1 ? parts[1] : ""
        packSize = parts.count > 2 ? UInt64(parts[2]) : nil
        bytes = [UInt8](try Data(contentsOf: file))
    }

    static func only(_ kind: String) throws -> Fixture { try #require(try all(kind).first) }
}

func sha256(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
    return digest.withUnsafeBytes { BlobID(bytes: $0).hex }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
