import Model

/// One thing that the interface does: a command of the command line, with its parameters as a request has them.
struct APIOperation: Sendable {
    enum Method: String, Sendable { case get = "GET", post = "POST", patch = "PATCH", delete = "DELETE" }

    enum Consent: Sendable {
        /// The command asks nobody.
        case none
        /// The command makes a plan: with `yes` it is done, without it is shown.
        case planned
    }

    var id: String
    var method: Method
    /// "/v1/snapshots/{name}".
    var path: String
    var summary: String
    /// Words of the command line: `["snapshot", "show"]`.
    var command: [String]
    var fields: [APIField]
    /// Members of the result; see ``APISchema``.
    var result: String
    var consent = Consent.none

    init(
        _ id: String, _ method: Method, _ path: String, _ command: String, _ summary: String, _ fields: [APIField] = [],
        gives result: String,
        consent: Consent = .none
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.summary = summary
        self.command = command.split(separator: " ").map(String.init)
        self.result = result
        self.consent = consent
        var fields = fields
        if consent == .planned { fields.append(Self.yes(in: method == .delete ? .query : .body)) }
        if method != .get { fields.append(Self.waiting) }
        self.fields = fields
    }

    /// Changes something, so that it is made by a task of its own.
    var acts: Bool { method != .get }

    static let waitName = "waitSeconds"
    static let yesName = "yes"

    private static let waiting = APIField(
        name: waitName, type: .integer(0...300),
        summary: "How long to wait for the end; then the answer is 202, and the task goes on (30).",
        place: .query, form: .own, isRequired: .optional)

    private static func yes(in place: APIField.Place) -> APIField {
        APIField(
            name: yesName, type: .flag, summary: "Do it. Otherwise the plan is shown and nothing is changed.", place: place, form: .own,
            isRequired: .optional)
    }

    /// Segments of the path.
    var segments: [Substring] { path.split(separator: "/") }

    /// What the path's parameters are there; nil when it is another path.
    func match(_ path: [String]) -> [String: String]? {
        guard segments.count == path.count else { return nil }
        var values: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            if segment.hasPrefix("{") {
                values[String(segment.dropFirst().dropLast())] = text
            } else if segment != text {
                return nil
            }
        }
        return values
    }

    /// Arguments of the command line. `values` have been checked.
    func arguments(_ values: [String: [String]], clusterFile: String) -> [String] {
        var options = ["--json", "--cluster-file=\(clusterFile)"]
        var positional: [String] = []
        for field in fields {
            guard let texts = values[field.name] else { continue }
            switch field.form {
            case .argument: positional += texts
            case .option(let option): options += texts.map { $0.isEmpty ? option : "\(option)=\($0)" }
            case .own: break
            }
        }
        if consent == .planned { options.append(values[Self.yesName] == [""] ? "--yes" : "--dry-run") }
        return command + options + ["--"] + positional
    }
}
