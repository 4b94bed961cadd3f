import Model
import ResticFormat

/// What was found out about trees, so that one that stands in an image many times is looked at once. It holds a bounded number of them: the image says how
/// many there are, and nothing that it says is proven.
struct KnownTrees<Value> {
    /// Some 80 bytes each, and the values.
    static var most: Int { 1 << 20 }

    private let most: Int
    private var values: [TreeID: Value] = [:]
    private var older: [TreeID: Value] = [:]

    /// `most`: for tests.
    init(most: Int = Self.most) { self.most = most }

    /// Those that were not asked for any more are forgotten first.
    subscript(_ id: TreeID) -> Value? {
        mutating get {
            if let value = values[id] { return value }
            guard let value = older[id] else { return nil }
            self[id] = value
            return value
        }
        set {
            if values.count >= most / 2 { (older, values) = (values, [:]) }
            values[id] = newValue
        }
    }
}

/// Entries of directories that are held while what is below them is looked at.
struct NestedDirectories {
    /// A gigabyte of memory holds them; directories in each other that have more of them together are no cluster's.
    static let most = 2_000_000

    private let most: Int
    private var count = 0

    init(most: Int = Self.most) { self.most = most }

    /// Throws `refused` for more than there can be.
    mutating func hold(_ entries: Int) throws(Failure) {
        count += entries
        guard count > most else { return }
        throw Failure(
            .refused, "directories that lie in each other hold \(grouped(count)) directories: nobody's files look like that",
            hint: "find out who made this image; holdfast backup verify proves what is in it")
    }

    mutating func release(_ entries: Int) { count -= entries }
}
