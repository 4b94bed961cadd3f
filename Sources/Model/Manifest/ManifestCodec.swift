import Foundation

extension SnapshotName: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Manifest {
    /// Sorted keys, indented, slashes as they are, a line feed at the end.
    package func json() throws(Failure) -> [UInt8] {
        do {
            return try StableJSON.encode(self)
        } catch {
            throw Failure(.internal, "cannot write the manifest of \(name)", cause: "\(error)")
        }
    }

    /// Checks the format first, so that a newer one is refused as such; fields that are not known are ignored. `place` names the
    /// snapshot in messages.
    package init(json: [UInt8], of place: String) throws(Failure) {
        try StableJSON.checkFormat(of: json, newest: Manifest.newestFormat, what: "manifest of \(place)")
        do {
            self = try JSONDecoder().decode(Manifest.self, from: Data(json))
        } catch {
            throw Failure(
                .damaged, "the manifest of \(place) cannot be read", hint: "restic still restores its files: restic restore \(place)",
                cause: StableJSON.describe(error))
        }
        try checkStores(of: place)
    }

    private func checkStores(of place: String) throws(Failure) {
        var seen: Set<String> = []
        for store in stores where !NameRule.allows(store.name) || !seen.insert(store.name).inserted {
            throw Failure(.damaged, "the manifest of \(place) names a store \"\(printable(store.name))\" that cannot be: refused")
        }
    }
}
