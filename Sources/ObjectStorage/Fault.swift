/// What ``FaultyStorage`` is to do wrong, and when.
package struct Fault: Hashable, Sendable {
    package enum Effect: Hashable, Sendable {
        /// Nothing happens but the error.
        case fail(StorageError.Kind)
        /// The operation takes effect and the caller is told that it failed.
        case failAfterEffect(StorageError.Kind)
        /// A write or replace leaves only the first bytes under the final name and fails: a place that breaks the contract.
        case tear(keeping: Int, StorageError.Kind)
        /// The process or the place dies: the operation and all that follow are ``StorageError/Kind/unreachable``.
        case crashBefore
        /// The same, but the operation still takes effect.
        case crashAfter
        /// A read gives its bytes with one bit changed at this offset of the buffer, and no error.
        case flipBit(at: Int)
    }

    /// Which operations count.
    package var kinds: Set<StorageOperation.Kind>
    /// Only objects (or listed folders) whose name starts with this.
    package var prefix: String
    /// The first of the counted operations that is hit, from 1, counted from when the fault is injected.
    package var ordinal: Int
    /// How many are hit from there on; nil: all.
    package var times: Int?
    package var effect: Effect

    package init(_ kinds: Set<StorageOperation.Kind>, below prefix: String = "", from ordinal: Int = 1, times: Int? = 1, _ effect: Effect) {
        self.kinds = kinds
        self.prefix = prefix
        self.ordinal = ordinal
        self.times = times
        self.effect = effect
    }

    func counts(_ operation: StorageOperation) -> Bool { kinds.contains(operation.kind) && operation.object.hasPrefix(prefix) }

    /// Whether the counted operation number `count` is hit.
    func hits(_ count: Int) -> Bool {
        guard count >= ordinal else { return false }
        guard let times else { return true }
        return count - ordinal < times
    }
}
