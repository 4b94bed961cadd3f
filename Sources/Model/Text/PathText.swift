/// Paths as text; nothing here looks at a disk.
package enum PathText {
    /// Absolute and without `.`, `..`, doubled or trailing slashes. A relative path starts at `directory`, which is absolute.
    /// `..` is removed with the component before it, symbolic links or not.
    package static func normalise(_ path: String, relativeTo directory: String) -> String {
        var components: [Substring] = []
        for component in (path.hasPrefix("/") ? path : directory + "/" + path).split(separator: "/") {
            switch component {
            case ".": continue
            case "..": _ = components.popLast()
            default: components.append(component)
            }
        }
        return "/" + components.joined(separator: "/")
    }

    /// The beginning of what is written like an address and not like a path: "s3:", "https://", "user@host:". A relative path whose first name has a colon
    /// is written with `./` before it. Nil for a path.
    package static func addressPrefix(of text: String) -> String? {
        let first = text.prefix { $0 != "/" }
        guard !text.hasPrefix("/"), let colon = first.firstIndex(of: ":") else { return nil }
        let prefix = text[...colon]
        return text[text.index(after: colon)...].hasPrefix("//") ? prefix + "//" : String(prefix)
    }

    /// Both normalised; a path is not inside itself.
    package static func isInside(_ inner: String, _ outer: String) -> Bool {
        outer == "/" ? inner != "/" : inner.hasPrefix(outer + "/")
    }

    /// The directory part; "." when there is none.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
