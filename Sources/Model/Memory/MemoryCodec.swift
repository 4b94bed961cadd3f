import Foundation

/// The file that keeps what was seen, by the key of the place.
package struct MemoryBook: Hashable, Sendable, Codable {
    private static let newestFormat = 1

    private var format = newestFormat
    package var places: [String: PlaceMemory] = [:]

    package init() {}

    /// `path` is for messages. Throws `damaged`, or `refused` for a newer format.
    package init(json: [UInt8], at path: String) throws(Failure) {
        do {
            try StableJSON.checkFormat(of: json, newest: Self.newestFormat, what: "memory \(path)")
            self = try JSONDecoder().decode(MemoryBook.self, from: Data(json))
        } catch let failure as Failure where failure.code != .damaged {
            throw failure
        } catch {
            throw Failure(
                .damaged, "what was seen in the storage and the targets cannot be read: \(path)",
                hint: "look at each of them with holdfast target ls; holdfast target accept NAME writes the file anew",
                cause: StableJSON.describe(error))
        }
    }

    package func json() throws(Failure) -> [UInt8] {
        do { return try StableJSON.encode(self) } catch { throw Failure(.internal, "cannot write what was seen", cause: "\(error)") }
    }
}
