import Foundation
import Model

/// JSON for programs that read the output of a command.
package enum JSONLine {
    /// One line without a line feed; keys sorted, slashes as they are, what could act on a terminal escaped. A value that cannot be written (a number that is not finite) gives
    /// an error object, so that the reader still sees JSON.
    package static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Visible.json(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch {
            return #"{"error":{"code":"internal","message":"the result cannot be written as JSON"}}"#
        }
    }
}
