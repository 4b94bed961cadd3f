import Foundation

extension AlertBook {
    /// Sorted keys, indented, a line feed at the end.
    package func json() throws(Failure) -> [UInt8] {
        do { return try StableJSON.encode(self) } catch { throw Failure(.internal, "cannot write the alerts", cause: "\(error)") }
    }

    /// Nil for what cannot be read: then everything that is wrong is told anew.
    package init?(json: [UInt8]) {
        guard let book = try? JSONDecoder().decode(AlertBook.self, from: Data(json)) else { return nil }
        self = book
    }
}

extension AlertNotice {
    /// On one line.
    package func json() throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(Visible.json(String(decoding: try encoder.encode(self), as: UTF8.self)).utf8) } catch {
            throw Failure(.internal, "cannot write an alert", cause: "\(error)")
        }
    }
}
