import Foundation

extension Catalogue {
    /// Sorted keys, indented, a line feed at the end.
    package func json() throws(Failure) -> [UInt8] {
        do {
            return try StableJSON.encode(self)
        } catch {
            throw Failure(.internal, "cannot write the catalogue", cause: "\(error)")
        }
    }

    /// `path` names the file in messages. A catalogue of a newer format is refused.
    package init(json: [UInt8], at path: String) throws(Failure) {
        try StableJSON.checkFormat(of: json, newest: Self.newestFormat, what: "catalogue \(path)")
        do {
            self = try JSONDecoder().decode(Catalogue.self, from: Data(json))
        } catch {
            throw Failure(.damaged, "the catalogue \(path) cannot be read", cause: StableJSON.describe(error))
        }
    }
}
