package import HostIO
import Synchronization

/// Entries with flags of their inodes, met on a walk: the flags are not kept, and that is told once at its end.
package final class FlaggedEntries: Sendable {
    private struct Count {
        var entries = 0
        var first = ""
        var words: Set<String> = []
    }

    private let count = Mutex(Count())

    package init() {}

    package func note(_ flags: InodeFlags, _ path: () -> String) {
        guard let word = flags.lock else { return }
        count.withLock { count in
            if count.entries == 0 { count.first = path() }
            count.entries += 1
            count.words.insert(word)
        }
    }

    /// Nil when there was none.
    package var issue: EntryIssue? {
        count.withLock { count in
            guard count.entries > 0 else { return nil }
            let more = count.entries == 1 ? "it has" : "it and \(count.entries - 1) more have"
            return EntryIssue(
                kind: .leftOut, path: count.first,
                detail: "\(more) inode flags (\(count.words.sorted().joined(separator: ", "))), which are not kept; lsattr shows them")
        }
    }
}
