import ArgumentParser
import Foundation
import Testing

@testable import Commands

/// What the pages say must be there: the files that they link to, and the commands that they show.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let pages: [String] = {
        let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        let found = FileManager.default.enumerator(atPath: root.appendingPathComponent("docs").path)?.compactMap { $0 as? String } ?? []
        return top + found.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }.sorted()
    }()

    @Test(arguments: pages) func everyLinkLeadsToAFile(_ page: String) throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent(page), encoding: .utf8)
        let folder = Self.root.appendingPathComponent(page).deletingLastPathComponent()
        for match in text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
            let target = String(match.output.1)
            guard !target.contains("://") else { continue }
            let path = folder.appendingPathComponent(target).standardizedFileURL.path
            #expect(FileManager.default.fileExists(atPath: path), "\(page) links to \(target)")
        }
    }

    @Test(arguments: pages) func everyCommandThatIsShownExists(_ page: String) throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent(page), encoding: .utf8)
        let groups = Dictionary(
            uniqueKeysWithValues: Holdfast.configuration.subcommands.map { group in
                let names = group.configuration.subcommands.map { $0.configuration.commandName ?? "" }
                return (group.configuration.commandName ?? "", Set(names))
            })
        for match in text.matches(of: /holdfast (cluster|snapshot|backup|target|standby) ([a-z-]+)/) {
            let (group, command) = (String(match.output.1), String(match.output.2))
            #expect(groups[group]?.contains(command) == true, "\(page) shows holdfast \(group) \(command)")
        }
    }
}
