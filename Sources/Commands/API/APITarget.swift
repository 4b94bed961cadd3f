import Model
import WebServer

/// The target of a request: where, and with what parameters.
enum APITarget {
    /// Throws an ``APIRefusal`` for what is not percent-encoded UTF-8, and for a parameter that comes twice.
    static func parse(_ target: String) throws -> (path: [String], query: [String: String]) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = try parts[0].split(separator: "/").map { try decode($0, plusIsSpace: false) }
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(halves[0], plusIsSpace: true)
            guard query[name] == nil else { throw APIRefusal.bad("the parameter \(printable(name)) comes twice") }
            query[name] = try decode(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
        }
        return (path, query)
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) throws -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw APIRefusal.bad("the address is not percent-encoded", hint: "write % and two hex digits")
            }
            bytes.append(high << 4 | low)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw APIRefusal.bad("the address is not UTF-8") }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? { UInt8(String(UnicodeScalar(byte)), radix: 16) }
}

/// The values of a request, checked.
enum APIValues {
    /// By the name of their field, as texts of a command line. Throws an ``APIRefusal``.
    static func read(
        _ operation: APIOperation, _ path: [String: String], _ query: [String: String], _ request: WebRequest
    ) throws -> [String: [String]] {
        let body = try body(of: request, operation)
        var values: [String: [String]] = [:]
        for field in operation.fields {
            let given: JSONValue? =
                switch field.place {
                case .path: path[field.name].map { field.type.value(of: $0) }
                case .query: query[field.name].map { field.type.value(of: $0) }
                case .body: body[field.name]
                }
            guard let given else {
                if field.isRequired == .required { throw APIRefusal.bad("\(field.name) is missing", hint: "it is \(field.type.words)") }
                continue
            }
            guard let texts = field.type.texts(given) else {
                throw APIRefusal.bad("\(field.name) is not what it may be", hint: "it is \(field.type.words)")
            }
            values[field.name] = texts
        }
        try refuseOthers(operation, .query, Array(query.keys))
        try refuseOthers(operation, .body, Array(body.keys))
        return values
    }

    private static func refuseOthers(_ operation: APIOperation, _ place: APIField.Place, _ given: [String]) throws {
        let known = operation.fields.filter { $0.place == place }.map(\.name)
        guard let other = given.sorted().first(where: { !known.contains($0) }) else { return }
        throw APIRefusal.bad(
            "there is no parameter named \"\(printable(other))\" here",
            hint: known.isEmpty ? "there are none" : "there are \(known.joined(separator: ", "))")
    }

    private static func body(of request: WebRequest, _ operation: APIOperation) throws -> [String: JSONValue] {
        guard !request.body.isEmpty else { return [:] }
        guard operation.fields.contains(where: { $0.place == .body }) else { throw APIRefusal.bad("nothing is read from a body here") }
        let type = (request.headers["content-type"] ?? "").prefix { $0 != ";" }.lowercased()
        guard type == "application/json" else {
            throw APIRefusal(Failure(.usage, "the body is not said to be JSON", hint: "send Content-Type: application/json"), status: 415)
        }
        guard case .object(let members)? = JSONValue(parsing: request.body) else {
            throw APIRefusal.bad("the body is not a JSON object")
        }
        return members
    }
}
