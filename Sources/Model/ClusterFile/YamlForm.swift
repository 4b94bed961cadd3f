import Foundation
import Yams

/// A kind of YAML file that people write, for what is said about its errors.
struct YamlForm {
    /// Of the text, in bytes; far above any real file.
    static let maximumSize = 1 << 20

    var code: FailureCode
    /// "a cluster file".
    var what: String
    /// The page that describes every key.
    var page: String

    /// The one document in `text`. `path` names the file in messages.
    func compose(_ text: String, at path: String) throws(Failure) -> Node {
        guard text.utf8.count <= Self.maximumSize else { throw Failure(code, "\(path) is larger than \(what) can be (1 MB)") }
        do {
            if let node = try Yams.compose(yaml: text), node.scalar?.string != "" { return node }
        } catch {
            throw describe(error, at: path)
        }
        throw Failure(code, "\(path) is empty", hint: "\(page) has an example to start from")
    }

    private func describe(_ error: any Error, at path: String) -> Failure {
        guard let error = error as? YamlError else { return Failure(code, "\(path) cannot be read", cause: "\(error)") }
        func at(_ mark: Mark, _ problem: String, hint: String? = nil) -> Failure {
            Failure(code, "\(path):\(mark.line): not valid YAML", hint: hint, cause: "\(problem) (column \(mark.column))")
        }
        switch error {
        case .scanner(_, let problem, let mark, _):
            let indentation = "look at the indentation of this line and the one before; YAML allows no tabs there"
            return at(mark, problem, hint: indentation)
        case .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return at(mark, problem, hint: "look at the indentation and the brackets of this line and the one before")
        case .duplicatedKeysInMapping(let keys, let context):
            let shown = keys.map { printable($0) }.joined(separator: ", ")
            return Failure(code, "\(path):\(context.mark.line): the key \(shown) stands there twice", hint: "remove one of the two")
        case .reader(let problem, let offset, _, let yaml):
            let line = yaml.prefix(offset ?? 0).reduce(1) { $1.isNewline ? $0 + 1 : $0 }
            return Failure(code, "\(path):\(line): not valid YAML", hint: "the file has to be UTF-8 text", cause: problem)
        default:
            return Failure(code, "\(path) is not valid YAML", cause: "\(error)")
        }
    }
}
