import HostIO

/// Reports of drills that their target did not take: plain files in `drills/`.
extension StateDirectory {
    static let drillReports = "drills"

    /// Absolute.
    package var drillReportsPath: String { "\(path)/\(Self.drillReports)" }

    /// Names of the files.
    package func namesOfDrillReports() throws -> [String] {
        guard let folder = try existingSubfolder(Self.drillReports) else { return [] }
        return try folder.descriptor.reopenDirectory().entries().map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// Nil when there is none of that name.
    package func drillReport(_ name: String, limit: Int) throws -> [UInt8]? {
        guard let folder = try existingSubfolder(Self.drillReports) else { return nil }
        return try AtomicFile.readIfPresent(name, in: folder.descriptor, limit: limit)
    }

    package func keepDrillReport(_ bytes: [UInt8], _ name: String) throws {
        try AtomicFile.write(bytes, to: Array(name.utf8), in: subfolder(Self.drillReports).descriptor)
    }

    package func removeDrillReport(_ name: String) throws {
        guard let folder = try existingSubfolder(Self.drillReports) else { return }
        try removeTree(Array(name.utf8), in: folder.descriptor)
    }
}
