import ArgumentParser
import Foundation
import Testing

import Clusters
@testable import Commands

/// The table of operations, the description that comes from it, and the check of requests.
@Suite struct APIOperationTests {
    private func operation(_ id: String) throws -> APIOperation { try #require(APIOperations.all.first { $0.id == id }) }

    /// Values that a request could have for every field.
    private func sample(_ operation: APIOperation) -> [String: [String]] {
        operation.fields.reduce(into: [:]) { values, field in
            switch field.type {
            case .text(let pattern): values[field.name] = [Self.examples.first { field.type.texts(.text($0)) != nil } ?? pattern]
            case .integer(let range): values[field.name] = ["\(range.lowerBound)"]
            case .number(let range): values[field.name] = ["\(range.lowerBound)"]
            case .flag: values[field.name] = [""]
            case .choice(let choices): values[field.name] = [choices[0]]
            case .list: values[field.name] = ["one", "two"]
            }
        }
    }

    private static let examples = ["nightly", "2h", "3@2h,4@1d", "5%", "/srv/nas"]

    @Test(arguments: APIOperations.all.map(\.id)) func `every operation is a command that parses`(_ id: String) throws {
        let operation = try operation(id)
        let arguments = operation.arguments(sample(operation), clusterFile: "/etc/acme.yaml")
        let command = try #require(try Holdfast.parseAsRoot(arguments) as? any HoldfastCommand, "\(arguments)")
        #expect(command.wantsJSON)
        let least = sample(operation).filter { name, _ in operation.fields.contains { $0.name == name && $0.isRequired == .required } }
        _ = try Holdfast.parseAsRoot(operation.arguments(least, clusterFile: "/etc/acme.yaml"))
    }

    @Test func `no two operations share a name or an address, and every component that is named exists`() throws {
        #expect(Set(APIOperations.all.map(\.id)).count == APIOperations.all.count)
        #expect(Set(APIOperations.all.map { "\($0.method) \($0.path)" }).count == APIOperations.all.count)
        let text = String(decoding: OpenAPIDocument.value.bytes, as: UTF8.self)
        let named = Set(text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/).map { String($0.output.1) })
        #expect(named == Set(APISchema.components.keys), "each is used, and each that is used is there")
    }

    @Test func `a name that looks like an option is a name`() throws {
        let arguments = try operation("deleteSnapshot").arguments(["snapshot": ["--yes"]], clusterFile: "/c")
        #expect(arguments.suffix(2) == ["--", "--yes"] && arguments.contains("--dry-run"))
        let command = try #require(try Holdfast.parseAsRoot(arguments) as? SnapshotDeleteCommand)
        #expect(command.names == ["--yes"] && command.consent.dryRun && !command.consent.yes)
    }

    @Test func `without a word nothing that has a plan is done`() throws {
        for operation in APIOperations.all where operation.consent == .planned {
            #expect(operation.arguments([:], clusterFile: "/c").contains("--dry-run"), "\(operation.id)")
            #expect(operation.arguments(["yes": []], clusterFile: "/c").contains("--dry-run"), "\(operation.id)")
            #expect(operation.arguments(["yes": [""]], clusterFile: "/c").contains("--yes"), "\(operation.id)")
        }
    }

    @Test func `values are what their type allows, and nothing else`() {
        #expect(APIType.name.texts("a-b_C9") == ["a-b_C9"])
        for bad in ["", "a b", "a\n", "ä", "a\u{301}", String(repeating: "x", count: 45), "a/b"] {
            #expect(APIType.name.texts(.text(bad)) == nil, "\(bad)")
        }
        #expect(APIType.period.texts("90m") != nil && APIType.period.texts("0m") == nil && APIType.period.texts("1y") == nil)
        #expect(APIType.integer(1...3).texts(3) == ["3"] && APIType.integer(1...3).texts(4) == nil)
        #expect(APIType.integer(1...3).texts(.number(2)) == ["2"] && APIType.integer(1...3).texts(.number(2.5)) == nil)
        #expect(APIType.integer(1...3).texts(true) == nil && APIType.flag.texts(1) == nil && APIType.flag.texts(false) == [])
        #expect(APIType.list(pattern: "^a$").texts(["a"]) == ["a"] && APIType.list(pattern: "^a$").texts([]) == nil)
        #expect(APIType.list(pattern: "^[ab]$").texts(["a", "a"]) == nil && APIType.choice(["x"]).texts("y") == nil)
        #expect(APIType.flag.value(of: "true") == true && APIType.integer(0...9).value(of: "٣") == "٣")
    }

    @Test func `addresses are taken apart, and what is none is refused`() throws {
        let (path, query) = try APITarget.parse("/v1/snapshots/a%2Db?x=1+2&y=%C3%A4&z")
        #expect(path == ["v1", "snapshots", "a-b"] && query == ["x": "1 2", "y": "ä", "z": ""])
        for bad in ["/%", "/%4", "/%zz", "/%ff", "/?a=1&a=2", "/?%c3=1"] {
            #expect(#expect(throws: APIRefusal.self) { try APITarget.parse(bad) }?.status == 400, "\(bad)")
        }
    }

    @Test func `a token is right or it is not`() {
        let token = APIToken([AccessToken(name: "1", text: "0123456789abcdef")])
        for right in ["Bearer", "bearer"] { #expect((try? token.check("\(right) 0123456789abcdef")) == "1") }
        for bad in [nil, "", "Bearer", "Bearer ", "Bearer 0123456789abcdeg", "Bearer 0123456789abcdef0", "Basic 0123456789abcdef"] {
            #expect(#expect(throws: APIRefusal.self) { try token.check(bad) }?.status == 401, "\(bad ?? "none")")
        }
        #expect(throws: APIRefusal.self) { try APIToken([]).check("Bearer ") }
    }

    @Test func `what a command printed is one answer`() {
        let good = APIOutcome(
            """
            {"progress":{"phase":"x"}}
            {"warning":"same disk"}
            {"note":"waiting"}
            {"plan":{"title":"t"}}
            {"snapshot":{"name":"n"}}
            """, exitStatus: 14)
        #expect(good.status == 200, "a flaw is told by the result")
        #expect(good.answer == ["warnings": ["same disk"], "notes": ["waiting"], "plan": ["title": "t"], "snapshot": ["name": "n"]])
        let bad = APIOutcome(#"{"plan":{}}"# + "\n" + #"{"error":{"code":"space","message":"full"}}"#, exitStatus: 11)
        #expect(bad.status == 507 && bad.answer == ["error": ["code": "space", "message": "full"]])
    }
}
