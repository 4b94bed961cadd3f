package import Model

/// Bytes of a repository that do not say what the format wants.
package struct FormatError: FailureConvertible, Hashable {
    package enum File: String, Sendable {
        case config, key, lock, snapshot, index, tree, time
        case masterKey = "master key"
        case packHeader = "pack header"
        case unpackedFile = "unpacked file"
    }

    package enum Problem: Hashable, Sendable {
        /// Something else stands where this is wanted.
        case expected(String)
        case missing(String)
        case outOfRange(String)
        case invalid(String)
        /// A format version or method that this program does not know.
        case unsupported(String)
        case truncated
        case tooDeep
        case trailingBytes
    }

    package let file: File
    package let problem: Problem
    /// Bytes from the start of the plain, uncompressed file.
    package let offset: Int

    package init(_ file: File, _ problem: Problem, at offset: Int = 0) {
        self.file = file
        self.problem = problem
        self.offset = offset
    }

    package var failure: Failure {
        if case .unsupported(let what) = problem {
            return Failure(
                .refused, "\(file.rawValue) needs \(what), which is not supported",
                hint: "use a newer Holdfast or restic for this repository")
        }
        return Failure(
            .damaged, "\(file.rawValue) is not valid: \(problem) at byte \(offset)",
            hint: "the file is damaged; run `verify` to see what it affects")
    }
}

extension FormatError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expected(let what): "expected \(what)"
        case .missing(let what): "\(what) is missing"
        case .outOfRange(let what): "\(what) out of range"
        case .invalid(let what): "invalid \(what)"
        case .unsupported(let what): "unsupported \(what)"
        case .truncated: "the data ends early"
        case .tooDeep: "nested too deeply"
        case .trailingBytes: "bytes after the end"
        }
    }
}
