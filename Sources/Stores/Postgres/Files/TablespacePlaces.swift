import HostIO
import Model

/// Decides where the tablespaces of an image go. An image says where they lay; that is a name to ask the cluster file with, and never a place to write to.
struct TablespacePlaces {
    /// Of the store that is restored.
    let store: String
    /// Absolute.
    let dataDirectory: String
    /// From the cluster file: new paths by old ones.
    let named: [String: String]

    /// `present`: where the link of that tablespace leads in the data directory as it is; nil when there is none. Nil when nobody says where it goes.
    func place(of old: String, present: String?) -> String? {
        if let present { return present }
        let path = PathText.normalise(old, relativeTo: "/")
        if old.hasPrefix("/"), let new = named[path] { return new }
        return old == path && path != dataDirectory && Path.isInside(path, dataDirectory) ? path : nil
    }

    func refusal(_ old: [String]) -> Failure {
        let lines = old.map { "    \(Self.quoted($0)): /path/for/it" }
        return Failure(
            .refused,
            "store \(store): the cluster file does not say where the image's tablespaces go: "
                + old.map { printable($0, limit: 300) }.joined(separator: ", "),
            hint: (["add their places to the store in the cluster file:", "  tablespaces:"] + lines).joined(separator: "\n"))
    }

    private static func quoted(_ path: String) -> String {
        "\"" + printable(path, limit: 300).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
