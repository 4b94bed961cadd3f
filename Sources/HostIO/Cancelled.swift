package import Model

/// The job was asked to stop and stopped between two units of work; what was there before is untouched.
package struct Cancelled: FailureConvertible {
    package init() {}

    package var failure: Failure {
        Failure(.cancelled, "stopped", hint: "run the same command again: it takes up what has already been written")
    }
}
