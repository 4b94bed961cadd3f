import ObjectStorage
import ResticFormat

/// Which key files a password is tried on, and in which order: whoever can write in a repository can put any number of any cost there.
struct KeyTrials {
    /// So many are tried.
    static let most = 20
    /// Their cost together, as ``KeyDerivationCost/work`` has it: some seven seconds on a core of 2020.
    static let mostWork = 1 << 25
    /// So many are read, to find the cheapest.
    private static let mostRead = 500
    /// Bytes; one of restic has some 450.
    static let longestFile: UInt64 = 16 << 10

    let first: KeyID?
    private(set) var readable: [(id: KeyID, file: KeyFile)] = []
    var unreadable: [(name: ObjectName, error: any Error)] = []
    private var skipped: [(id: KeyID, reason: String)] = []

    init(first: KeyID?) { self.first = first }

    /// The known one, then by id; no more than are read.
    mutating func readingOrder(_ listed: [(id: KeyID, size: UInt64)]) -> [(id: KeyID, size: UInt64)] {
        let order = listed.sorted { ($0.id == first ? 0 : 1, $0.id) < ($1.id == first ? 0 : 1, $1.id) }
        for entry in order.dropFirst(Self.mostRead) { skip(entry.id, "there are \(order.count) of them") }
        return Array(order.prefix(Self.mostRead))
    }

    mutating func add(_ id: KeyID, _ file: KeyFile) { readable.append((id, file)) }

    mutating func skip(_ id: KeyID, _ reason: String) { skipped.append((id, reason)) }

    /// Those to be tried, in order.
    mutating func choose() -> [(id: KeyID, file: KeyFile)] {
        let order = readable.sorted {
            ($0.id == first ? 0 : 1, $0.file.derivationCost.work, $0.id) < ($1.id == first ? 0 : 1, $1.file.derivationCost.work, $1.id)
        }
        var chosen: [(id: KeyID, file: KeyFile)] = []
        var work = 0
        for entry in order {
            let cost = entry.file.derivationCost
            guard cost.isAcceptable else {
                skip(entry.id, "its scrypt parameters N=\(cost.n) r=\(cost.r) p=\(cost.p) ask for too much")
                continue
            }
            guard chosen.count < Self.most, work <= Self.mostWork - cost.work else {
                skip(entry.id, "\(chosen.count) others were tried")
                continue
            }
            work += cost.work
            chosen.append(entry)
        }
        return chosen
    }

    /// "keys/01234567 (its scrypt parameters …) and 179 more"; nil when all were tried.
    var skippedText: String? {
        guard let first = skipped.first else { return nil }
        return "keys/\(first.id.short) (\(first.reason))" + (skipped.count > 1 ? " and \(skipped.count - 1) more" : "")
    }
}

extension KeyFile {
    var derivationCost: KeyDerivationCost { KeyDerivationCost(n: Int(cost), r: Int(blockSize), p: Int(parallelism)) }
}
