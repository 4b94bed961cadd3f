import Foundation

extension DrillReport {
    static let noDigest = SignedText.noSignature

    /// Sorted keys, indented, a line feed at the end; signed by `sign`, which is given the bytes that the signature covers.
    package func signed(by sign: ([UInt8]) throws -> String) throws -> [UInt8] {
        var report = self
        report.signature = Self.noDigest
        let blank: [UInt8]
        do { blank = try StableJSON.encode(report) } catch {
            throw Failure(.internal, "cannot write the report of a drill", cause: "\(error)")
        }
        guard let signed = try SignedText.signed(blank, by: sign) else { throw Failure(.internal, "cannot sign the report of a drill") }
        return signed
    }

    /// `place` names it in messages. What it says is true only if ``SignedText/isSigned(_:by:)``.
    package init(json: [UInt8], called place: String) throws(Failure) {
        try StableJSON.checkFormat(of: json, newest: Self.newestFormat, what: "drill report \(place)")
        do { self = try JSONDecoder().decode(DrillReport.self, from: Data(json)) } catch {
            throw Failure(.damaged, "the drill report \(place) cannot be read", cause: StableJSON.describe(error))
        }
    }
}
