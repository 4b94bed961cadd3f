/// JSON that holds its own MAC: the member `signature`, 64 hex digits over the text's bytes with zeros in their place. Proven before anything is decoded.
package enum SignedText {
    private static let digits = 64
    private static let mark = Array("\"signature\" : \"".utf8)
    /// What stands there before it is signed.
    static let noSignature = String(repeating: "0", count: digits)

    /// `json`: with zeros for a signature, written by ``StableJSON``. Nil when there is no such member, or more than one.
    static func signed(_ json: [UInt8], by sign: ([UInt8]) throws -> String) rethrows -> [UInt8]? {
        guard let place = place(in: json) else { return nil }
        let signature = Array(try sign(json).utf8)
        guard signature.count == digits else { return nil }
        var json = json
        json.replaceSubrange(place, with: signature)
        return json
    }

    /// Whether `json` is what was signed, byte for byte.
    package static func isSigned(_ json: [UInt8], by sign: ([UInt8]) throws -> String) rethrows -> Bool {
        guard let place = place(in: json) else { return false }
        let found = Array(json[place])
        var blank = json
        blank.replaceSubrange(place, with: Array(noSignature.utf8))
        let right = Array(try sign(blank).utf8)
        // The same time whatever differs.
        return found.count == right.count && zip(found, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Where the digits stand: after the only mark that there is.
    private static func place(in json: [UInt8]) -> Range<Int>? {
        var place: Range<Int>?
        var start = 0
        while start + mark.count + digits < json.count {
            guard let quote = json[start...].firstIndex(of: mark[0]) else { break }
            start = quote + 1
            guard json[quote...].starts(with: mark) else { continue }
            let first = quote + mark.count
            guard place == nil, first + digits < json.count, json[first + digits] == mark[0] else { return nil }
            place = first..<first + digits
        }
        return place
    }
}
