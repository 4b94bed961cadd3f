import Foundation
import Model
import Testing

@Suite struct ExitStatusManualTests {
    @Test func everyCodeStandsInTheManualWithItsStatus() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let manual = try String(contentsOf: root.appendingPathComponent("docs/operations.md"), encoding: .utf8)
        var listed: [String: Int32] = [:]
        for line in manual.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, let status = Int32(cells[0]), cells[1].hasPrefix("`") else { continue }
            listed[cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))] = status
        }
        #expect(listed == Dictionary(uniqueKeysWithValues: FailureCode.allCases.map { ($0.rawValue, $0.exitStatus) }))
    }
}
