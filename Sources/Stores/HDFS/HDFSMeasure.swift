import Archiving
import Model
import WebHDFS

/// How much lies at and below a directory, as far as this user may look.
///
/// HDFS adds it up by itself, but refuses the whole sum for one directory that may not be listed. Then the sums of what lies beside such directories are
/// asked for and added up here, with one page of a listing in memory for each directory on the way down.
struct HDFSMeasure {
    /// What could be added up: a directory that may not be listed counts, and nothing below it does.
    private(set) var summary = HDFSContentSummary()
    /// Directories that may not be listed, below the measured one.
    private(set) var closed = IssueSummary()
    private(set) var firstClosed: PlaceBelow?
    /// It would have taken too many questions: there is more than was counted.
    private(set) var isPart = false

    /// Questions, at a millisecond or two each: for an image, and for a look at the store.
    static let many = 20_000
    static let few = 500

    private struct Level {
        let place: PlaceBelow
        var pages: HDFSPages
        var page: ArraySlice<HDFSFileStatus> = []

        mutating func next() throws(HDFSError) -> HDFSFileStatus? {
            while page.isEmpty {
                guard let more = try pages.next() else { return nil }
                page = more[...]
            }
            return page.popFirst()
        }
    }

    /// Throws when `root` is not there, or may not be listed itself.
    init(_ client: HDFSClient, of root: HDFSPath, questions: Int) throws(HDFSError) {
        if let whole = try Self.sum(client, root) {
            summary = whole
            return
        }
        var left = questions
        var levels = [Level(place: .root, pages: client.pages(of: root))]
        summary.directories = 1
        while var level = levels.popLast() {
            guard let entry = try next(&level, root) else { continue }
            let place = level.place.appending(entry.name)
            levels.append(level)
            guard entry.kind == .directory else {
                add(entry)
                continue
            }
            guard left > 0 else {
                isPart = true
                return
            }
            left -= 1
            let path = root.appending(place)
            do throws(HDFSError) {
                if let sum = try Self.sum(client, path) {
                    add(sum)
                } else {
                    levels.append(Level(place: place, pages: client.pages(of: path)))
                }
            } catch { guard error.kind == .notFound else { throw error } }
        }
    }

    /// Nil where HDFS refuses the sum.
    private static func sum(_ client: HDFSClient, _ path: HDFSPath) throws(HDFSError) -> HDFSContentSummary? {
        do throws(HDFSError) { return try client.contentSummary(of: path) } catch {
            guard error.kind == .permission else { throw error }
            return nil
        }
    }

    /// Nil at the end of a directory, and for one that may not be listed or is gone.
    private mutating func next(_ level: inout Level, _ root: HDFSPath) throws(HDFSError) -> HDFSFileStatus? {
        let isFirst = level.page.startIndex == 0 && level.page.isEmpty && !level.place.isRoot
        do throws(HDFSError) {
            let entry = try level.next()
            if isFirst { summary.directories.count(1) }
            return entry
        } catch {
            guard !level.place.isRoot else { throw error }
            switch error.kind {
            case .permission: close(level.place, error)
            case .notFound: break
            default: throw error
            }
            return nil
        }
    }

    private mutating func close(_ place: PlaceBelow, _ error: HDFSError) {
        summary.directories.count(1)
        if firstClosed == nil { firstClosed = place }
        closed.add(EntryIssue(kind: .unreadable, path: place.text, detail: error.failure.summary))
    }

    private mutating func add(_ file: HDFSFileStatus) {
        summary.files.count(1)
        summary.length.count(file.length)
        summary.spaceConsumed.count(file.length.multipliedSaturated(by: UInt64(clamping: max(1, file.replication))))
    }

    private mutating func add(_ part: HDFSContentSummary) {
        summary.files.count(part.files)
        summary.directories.count(part.directories)
        summary.length.count(part.length)
        summary.spaceConsumed.count(part.spaceConsumed)
    }
}

extension HDFSMeasure {
    /// Entries below the measured directory.
    var entries: UInt64 { max(1, summary.files.addingSaturated(summary.directories)) - 1 }

    var held: HeldAmount { HeldAmount(entries: entries, bytes: isPart ? nil : summary.length, isMore: isPart) }

    /// For people; nil when all could be counted.
    var note: String? {
        guard firstClosed != nil || isPart else { return nil }
        let first = firstClosed.map { " (\($0.text))" } ?? ""
        let count = closed.count > 0 ? counted(closed.count, "directory", "directories") : "directories"
        let size = isPart ? "its size is not known" : "what is below is neither counted nor stored"
        return
            "\(count)\(first) may not be listed by this user: \(size), and images are not good; give this user the right, or leave that out of the store"
    }

    /// What is known not to be readable, for an image: at least one entry where something was refused.
    var issues: IssueSummary {
        guard isPart, closed.count == 0 else { return closed }
        var summary = closed
        summary.add(EntryIssue(kind: .unreadable, path: ".", detail: "a directory below may not be listed by this user"))
        return summary
    }
}

extension UInt64 {
    fileprivate mutating func count(_ more: UInt64) { self = addingSaturated(more) }
}
