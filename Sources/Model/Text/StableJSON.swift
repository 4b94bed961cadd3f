import Foundation

/// JSON of the files that Holdfast writes for itself.
enum StableJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try [UInt8](encoder.encode(value)) + [0x0A]
    }

    /// Nil for what cannot be read.
    static func decodeIfPossible<Value: Decodable>(_ type: Value.Type, from json: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(json))
    }

    private struct Head: Decodable {
        var format: Int
    }

    static func checkFormat(of json: [UInt8], newest: Int, what: String) throws(Failure) {
        let head: Head
        do {
            head = try JSONDecoder().decode(Head.self, from: Data(json))
        } catch {
            throw Failure(.damaged, "the \(what) cannot be read", cause: describe(error))
        }
        guard head.format <= newest else {
            throw Failure(
                .refused, "the \(what) has format \(head.format); this program reads up to \(newest)",
                hint: "use the version of holdfast that wrote it, or a newer one")
        }
        guard head.format >= 1 else { throw Failure(.damaged, "the \(what) has format \(head.format)") }
    }

    /// Where and what, without Foundation's prose.
    static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context))\(key.stringValue) is missing"
        case .valueNotFound(_, let context): return "\(path(context)) is null"
        case .typeMismatch(_, let context), .dataCorrupted(let context): return "\(path(context)) \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
            + (context.codingPath.isEmpty ? "" : ":")
    }
}
