/// What a lock file says: a line for people, and a line that tells the process that holds it from every other. What counts is the lock itself.
struct LockSignature: Hashable {
    /// "process 12 of root on n1: snapshot create nightly".
    let words: String
    /// `machine`: machine-id(5). `boot`, `namespaces`, `started`: see ``ProcessIdentity``. Those that could be told.
    let marks: [String: String]

    private static let keys = ["machine", "boot", "namespaces", "started"]

    init(_ words: String, _ process: ProcessIdentity?, machine: String? = LockSignature.machine()) {
        self.words = words
        var marks = ["machine": machine]
        if let process {
            marks.merge(["boot": process.boot, "namespaces": process.namespaces, "started": "\(process.started)"]) { $1 }
        }
        self.marks = marks.compactMapValues { $0 }
    }

    /// Files of before have the first line only.
    init(parsing text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        words = lines.first.map(String.init) ?? ""
        let pairs = (lines.dropFirst().first ?? "").split(separator: ";").compactMap { part -> (String, String)? in
            let halves = part.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            let key = halves[0].drop { $0 == " " }
            return Self.keys.contains(String(key)) ? (String(key), String(halves[1])) : nil
        }
        marks = Dictionary(pairs) { $1 }
    }

    var text: String {
        let line = Self.keys.compactMap { key in marks[key].map { "\(key)=\($0)" } }.joined(separator: "; ")
        return line.isEmpty ? words : "\(words)\n\(line)\n"
    }

    /// The words, and where the process is when that is not where `observer` is: hosts may share their name.
    func words(seenBy observer: LockSignature) -> String {
        func differs(_ key: String) -> Bool {
            guard let own = observer.marks[key], let other = marks[key] else { return false }
            return own != other
        }
        if differs("machine") { return "\(words) (on another machine, \(marks["machine"] ?? ""))" }
        return differs("namespaces") ? "\(words) (in another container)" : words
    }

    private static func machine() -> String? {
        let bytes = (try? AtomicFile.readIfPresent("/etc/machine-id", limit: 4096)) ?? nil
        let text = String(decoding: (bytes ?? []).prefix { $0 != 0x0A }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
