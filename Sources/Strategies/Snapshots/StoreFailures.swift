package import Model

/// A store that could not be restored while others were.
package struct StoreFailure: Hashable, Sendable {
    package var store: String
    package var failure: Failure

    package init(store: String, _ error: any Error) {
        self.store = store
        failure = Failure(describing: error).about(store: store)
    }
}

extension [StoreFailure] {
    /// All of them as one, for who can tell only one: the code and hint of the first. nil when there is none.
    package var together: Failure? {
        guard var failure = first?.failure else { return nil }
        guard count > 1 else { return failure }
        failure.message = "\(counted(count, "store")) could not be restored: \(map(\.failure.summary).joined(separator: "; "))"
        failure.cause = nil
        return failure
    }
}

extension Error {
    /// Ends a restore of several stores: asked for, or a fault of the program. Any other is one of its store.
    package var endsRestores: Bool {
        switch Failure(describing: self).code {
        case .cancelled, .internal, .fenced, .locked: true
        default: false
        }
    }
}
