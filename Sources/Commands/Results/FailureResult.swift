import Model

/// A failure inside a result.
struct FailureResult: Encodable {
    var code: FailureCode
    var message: String
    var hint: String?

    init(_ failure: Failure) {
        code = failure.code
        message = failure.summary
        hint = failure.hint
    }
}
