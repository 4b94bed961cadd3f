import HostIO
import TestSupport
import Testing

@testable import Clusters

@Suite struct DeletionJournalTests {
    private let folder: TemporaryDirectory
    private let journal: DeletionJournal

    init() throws {
        folder = try TemporaryDirectory()
        journal = DeletionJournal(state: StateDirectory(path: folder.path))
    }

    private func id(_ number: Int) -> String { String(repeating: "0", count: 60) + String(number + 4096, radix: 16) }

    @Test func `ids are noted in a file that never grows, and are gone when it is cleared`() throws {
        #expect(try journal.note([id(1)]) == false && journal.ids().isEmpty)
        journal.prepare()
        let size = try statusOfPath(folder.file(DeletionJournal.name))?.size
        #expect(try journal.note([id(1), id(2)]) && journal.note([id(3)]))
        #expect(try journal.ids() == [id(1), id(2), id(3)])
        #expect(try journal.note(Set((4..<2000).map(id))) == false, "there is no room for so many")
        #expect(try journal.note(Set((4..<1001).map(id))) && journal.ids().count == 1000)
        #expect(try journal.note([id(5000)]) == false)
        try journal.clear()
        #expect(try journal.ids().isEmpty && journal.note([id(7)]) && journal.ids() == [id(7)])
        #expect(try statusOfPath(folder.file(DeletionJournal.name))?.size == size)
        journal.prepare()
        #expect(try journal.ids() == [id(7)])
    }

    @Test func `what somebody has put in its place says nothing`() throws {
        try AtomicFile.write(Array("garbage\n".utf8), to: folder.file(DeletionJournal.name))
        #expect(try journal.ids().isEmpty && journal.note([id(1)]) == false)
    }
}
