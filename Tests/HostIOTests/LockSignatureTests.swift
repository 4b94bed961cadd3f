@testable import HostIO
import TestSupport
import Testing

@Suite struct LockSignatureTests {
    private let process = ProcessIdentity(boot: "b1", namespaces: "pid:[1] time:[2]", number: 12, started: 345)

    private func signature(_ machine: String?, _ process: ProcessIdentity?) -> LockSignature {
        LockSignature("process 12 of root on n1: snapshot create s", process, machine: machine)
    }

    @Test func `what a lock file says is read again, and one of before is its first line`() {
        let own = signature("m1", process)
        #expect(own.text.hasSuffix("\nmachine=m1; boot=b1; namespaces=pid:[1] time:[2]; started=345\n"))
        #expect(LockSignature(parsing: own.text) == own)
        #expect(LockSignature(parsing: signature(nil, nil).text) == signature(nil, nil))
        #expect(LockSignature(parsing: "process 1").words == "process 1" && LockSignature(parsing: "").words.isEmpty)
        #expect(LockSignature(parsing: "a\n;=;x=y;machine").marks.isEmpty)
    }

    @Test func `a holder elsewhere is told as such, though its host has the same name`() {
        let own = signature("m1", process)
        #expect(own.words(seenBy: own) == own.words)
        #expect(signature("m2", process).words(seenBy: own).hasSuffix("(on another machine, m2)"))
        var contained = process
        contained.namespaces = "pid:[9] time:[2]"
        #expect(signature("m1", contained).words(seenBy: own).hasSuffix("(in another container)"))
        #expect(signature(nil, nil).words(seenBy: own) == own.words)
    }

    @Test func `a lock that is held says which process of which machine holds it`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("lock")
        let lock = try FileLock.take(path, purpose: "a test", host: .current())
        let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        let marks = LockSignature(parsing: text).marks
        #expect(marks["boot"] == Host.current().boot && marks["started"] != nil && marks["namespaces"]?.hasPrefix("pid:[") == true)
        #expect(
            try FileLock.holder(of: path)
                == "process \(Host.current().processID) of \(Host.current().user) on \(Host.current().name): a test")
        lock.release()
    }
}
