import HostIO
import Model
package import ObjectStorage
import Synchronization
import Testing

/// What every `ObjectStorage` must do, clause by clause. A test of an implementation is
/// `@Test(arguments: ObjectStorageContract.clauses) func keepsTheContract(clause: …) throws { try clause.check(makeStorage()) }`
/// with a storage that is new and empty each time.
package enum ObjectStorageContract {
    package struct Clause: Sendable, CustomTestStringConvertible {
        package let name: String
        package let check: @Sendable (any ObjectStorage) throws -> Void
        package var testDescription: String { name }
    }

    package static let clauses: [Clause] = reading + writing + listing + concurrent

    private static func clause(_ name: String, _ check: @escaping @Sendable (any ObjectStorage) throws -> Void) -> Clause {
        Clause(name: name, check: check)
    }

    private static let reading = [
        clause("what was written is read back, whole and in ranges") { storage throws in
            let bytes = pattern(70_000, 1)
            try storage.write(name("data/ab/abcd"), bytes)
            #expect(try storage.read(name("data/ab/abcd")) == bytes)
            #expect(try range(storage, "data/ab/abcd", 0, 0) == [])
            #expect(try range(storage, "data/ab/abcd", 65_000, 5_000) == Array(bytes[65_000...]))
            #expect(try range(storage, "data/ab/abcd", 70_000, 0) == [])
        },
        clause("a read beyond the end is truncated") { storage throws in
            try storage.write(name("keys/k"), [1, 2, 3])
            for (offset, count) in [(0, 4), (3, 1), (4, 1), (1_000_000, 1), (.max, 1)] as [(UInt64, Int)] {
                let error = #expect(throws: StorageError.self) { try range(storage, "keys/k", offset, count) }
                #expect(error?.kind == .truncated)
            }
        },
        clause("an object that is not there has no size and cannot be read") { storage throws in
            #expect(try storage.size(of: name("data/ab/none")) == nil)
            let error = #expect(throws: StorageError.self) { try storage.read(name("data/ab/none")) }
            #expect(error?.kind == .notFound && error?.object == "data/ab/none" && error?.location == storage.location)
            let part = #expect(throws: StorageError.self) { try range(storage, "data/ab/none", 0, 1) }
            #expect(part?.kind == .notFound)
        },
        clause("a whole read has a limit, which is looked at before anything is read") { storage throws in
            try storage.write(name("keys/k"), pattern(1000, 1))
            #expect(try storage.read(name("keys/k"), limit: 1000).count == 1000)
            let error = #expect(throws: StorageError.self) { try storage.read(name("keys/k"), limit: 999) }
            #expect(error?.kind == .oversized && error?.object == "keys/k" && error?.failure.code == .damaged)
        },
        clause("a folder is not an object") { storage throws in
            try storage.write(name("data/ab/abcd"), [1])
            #expect(try storage.size(of: name("data/ab")) == nil)
        },
    ]

    private static let writing = [
        clause("parts are joined in order") { storage throws in
            let parts = (0..<300).map { pattern($0 % 5, UInt8(truncatingIfNeeded: $0)) }
            try withBuffers(parts) { try storage.write(name("index/i"), $0) }
            #expect(try storage.read(name("index/i")) == Array(parts.joined()))
            #expect(try storage.size(of: name("index/i")) == UInt64(parts.joined().count))
        },
        clause("an empty object is an object") { storage throws in
            try storage.write(name("locks/l"), [UInt8]())
            #expect(try storage.size(of: name("locks/l")) == 0)
            #expect(try storage.read(name("locks/l")) == [])
            #expect(try storage.list("locks").count == 1)
        },
        clause("an object at the top is written and read") { storage throws in
            try storage.write(name("config"), [9])
            #expect(try storage.read(name("config")) == [9])
        },
        clause("writing what exists leaves it and says so") { storage throws in
            try storage.write(name("config"), [1])
            let error = #expect(throws: StorageError.self) { try storage.write(name("config"), [2, 2]) }
            #expect(error?.kind == .exists)
            #expect(try storage.read(name("config")) == [1])
        },
        clause("replacing gives the new bytes whether it was there or not") { storage throws in
            for bytes in [[1], [2, 2], [], [3]] as [[UInt8]] {
                try withBuffers([bytes]) { try storage.replace(name("config"), $0) }
                #expect(try storage.read(name("config")) == bytes)
            }
        },
        clause("removing is idempotent, and the name is free again") { storage throws in
            try storage.write(name("locks/l"), [1])
            _ = try storage.read(name("locks/l"))
            try storage.remove(name("locks/l"))
            try storage.remove(name("locks/l"))
            try storage.remove(name("never/was/there"))
            #expect(try storage.size(of: name("locks/l")) == nil)
            #expect(throws: StorageError.self) { try range(storage, "locks/l", 0, 1) }
            try storage.write(name("locks/l"), [2])
            #expect(try storage.read(name("locks/l")) == [2])
        },
        clause("free space, when told, is not more than all") { storage throws in
            if let space = try storage.space() { #expect(space.free <= space.total) }
        },
    ]

    private static let listing = [
        clause("an empty storage lists nothing") { storage throws in
            for folder in ["data", "snapshots", "none/such"] { #expect(try storage.list(folder) == []) }
        },
        clause("a listing has all in its folder and in folders of two digits below it, with sizes, and nothing beside it") {
            storage throws in
            let names = ["data/00/a", "data/ff/b", "data/ff/c", "data/ee/d", "database/x", "config"]
            for (size, text) in names.enumerated() { try storage.write(name(text), pattern(size, 0)) }
            let listed = try storage.list("data")
            #expect(Set(listed) == Set(names.prefix(4).enumerated().map { ObjectEntry(name: name($1), size: UInt64($0)) }))
            #expect(listed.count == 4)
            #expect(try storage.list("data/ff").count == 2)
            #expect(try storage.list("dat") == [])
            try storage.remove(name("data/ff/b"))
            #expect(try storage.list("data/ff").map(\.name) == [name("data/ff/c")])
        },
        clause("a listing of many folders is complete") { storage throws in
            let names = (0..<256).flatMap { byte in ["data/\(hex(byte))/\(hex(byte))00", "data/\(hex(byte))/\(hex(byte))01"] }
            for text in names { try storage.write(name(text), [1]) }
            #expect(try storage.list("data").map(\.name.text).sorted() == names.sorted())
        },
    ]

    private static let concurrent = [
        clause("eight threads write, read, list and remove at once") { storage throws in
            try runWorkers(8, named: "contract") { worker in
                for round in 0..<12 {
                    let mine = name("data/\(hex(round))/\(worker)-\(round)")
                    let bytes = pattern(3000 + 100 * worker, UInt8(truncatingIfNeeded: worker * 31 + round))
                    try storage.write(mine, bytes)
                    #expect(try storage.read(mine) == bytes)
                    #expect(try storage.list("data").contains(ObjectEntry(name: mine, size: UInt64(bytes.count))))
                    if round % 3 == 0 { try storage.remove(mine) }
                }
            }
            #expect(try storage.list("data").count == 8 * 8)
        },
        clause("of many writers of one name exactly one wins, and its bytes are whole") { storage throws in
            let wins = Atomic<Int>(0)
            let winner = Atomic<Int>(-1)
            try runWorkers(8, named: "contract") { worker in
                do {
                    try storage.write(name("snapshots/one"), pattern(20_000, UInt8(truncatingIfNeeded: worker)))
                    wins.add(1, ordering: .relaxed)
                    winner.store(worker, ordering: .relaxed)
                } catch let error as StorageError { #expect(error.kind == .exists) }
            }
            #expect(wins.load(ordering: .relaxed) == 1)
            #expect(try storage.read(name("snapshots/one")) == pattern(20_000, UInt8(truncatingIfNeeded: winner.load(ordering: .relaxed))))
            #expect(try storage.list("snapshots").count == 1)
        },
        clause("while an object is replaced, readers see one version or the other") { storage throws in
            let versions = [pattern(9_000, 1), pattern(9_000, 2)]
            try storage.write(name("config"), versions[0])
            try runWorkers(5, named: "contract") { worker in
                for round in 0..<30 {
                    if worker == 0 {
                        try withBuffers([versions[round % 2]]) { try storage.replace(name("config"), $0) }
                    } else {
                        let seen = try storage.read(name("config"))
                        #expect(seen == versions[0] || seen == versions[1])
                    }
                }
            }
        },
    ]
}

extension ObjectStorage {
    /// The whole object, of at most 1 GiB.
    package func read(_ name: ObjectName) throws(StorageError) -> [UInt8] { try read(name, limit: 1 << 30) }
}

private func name(_ text: String) -> ObjectName {
    guard let name = ObjectName(text) else { preconditionFailure("\(text) is not an object's name") }
    return name
}

private func hex(_ number: Int) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }

/// Bytes that differ by place and by `salt`.
private func pattern(_ count: Int, _ salt: UInt8) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) ^ salt } }

private func range(_ storage: any ObjectStorage, _ text: String, _ offset: UInt64, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try storage.read(name(text), from: offset, into: $0) }
    return bytes
}

/// All arrays as buffers that stay valid while `body` runs.
package func withBuffers<Result>(_ parts: [[UInt8]], _ body: ([UnsafeRawBufferPointer]) throws -> Result) rethrows -> Result {
    let whole = Array(parts.joined())
    return try whole.withUnsafeBytes { buffer in
        var start = 0
        let pieces = parts.map { part in
            defer { start += part.count }
            return UnsafeRawBufferPointer(rebasing: buffer[start..<(start + part.count)])
        }
        return try body(pieces)
    }
}
