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
        do {
            try StableJSON.checkFormat(of: json, newest: Self.newestFormat, what: "catalogue \(path)")
            self = try JSONDecoder().decode(Catalogue.self, from: Data(json))
        } catch let failure as Failure where failure.code != .damaged {
            throw failure
        } catch {
            throw Failure(
                .damaged, "the catalogue \(path) cannot be read",
                hint: "move it away and run holdfast cluster init, which finds the snapshots again; then add the targets again",
                cause: StableJSON.describe(error))
        }
    }
}
