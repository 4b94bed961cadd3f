import Foundation

extension DrillReport {
    static let noDigest = String(repeating: "0", count: 64)

    /// Sorted keys, indented, a line feed at the end; signed by `sign`, which is given the bytes that the signature covers.
    package func signed(by sign: ([UInt8]) throws -> String) throws -> [UInt8] {
        var report = self
        report.signature = Self.noDigest
        let blank: [UInt8]
        do { blank = try StableJSON.encode(report) } catch {
            throw Failure(.internal, "cannot write the report of a drill", cause: "\(error)")
        }
        let text = String(decoding: blank, as: UTF8.self)
        let signature = try sign(blank)
        return Array(text.replacing(Self.member(Self.noDigest), with: Self.member(signature)).utf8)
    }

    /// `place` names it in messages. What it says is true only if ``isSigned(_:by:)``.
    package init(json: [UInt8], called place: String) throws(Failure) {
        try StableJSON.checkFormat(of: json, newest: Self.newestFormat, what: "drill report \(place)")
        do { self = try JSONDecoder().decode(DrillReport.self, from: Data(json)) } catch {
            throw Failure(.damaged, "the drill report \(place) cannot be read", cause: StableJSON.describe(error))
        }
    }

    /// Whether `json`, which this was read from, is what was signed, byte for byte.
    package func isSigned(_ json: [UInt8], by sign: ([UInt8]) throws -> String) throws -> Bool {
        guard let text = String(validating: json, as: UTF8.self), text.ranges(of: Self.member(signature)).count == 1 else { return false }
        let blank = text.replacing(Self.member(signature), with: Self.member(Self.noDigest))
        return try sign(Array(blank.utf8)) == signature
    }

    private static func member(_ digest: String) -> String { "\"signature\" : \"\(digest)\"" }
}
