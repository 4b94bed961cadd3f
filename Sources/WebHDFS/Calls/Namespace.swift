package import Model

/// Whether a change may replace what is in its place.
package enum Replacing: Sendable {
    case never
    case always
}

/// How deep a removal goes.
package enum Removal: Sendable {
    /// A file or an empty directory.
    case single
    /// A directory with all below it.
    case tree
}

extension HDFSClient {
    private static let statusOperation = Operation.get("GETFILESTATUS", "look at")
    private static let mkdirs = Operation.set("MKDIRS", "make the directory")
    private static let delete = Operation.set("DELETE", "remove", by: .delete).long
    private static let rename = Operation.once("RENAME", "rename")
    private static let setOwner = Operation.set("SETOWNER", "set the owner of")
    private static let setPermission = Operation.set("SETPERMISSION", "set the permissions of")
    private static let setTimes = Operation.set("SETTIMES", "set the times of")
    private static let setReplication = Operation.set("SETREPLICATION", "set the replication of")
    private static let concat = Operation.once("CONCAT", "append other files to", by: .post).long
    private static let truncate = Operation.set("TRUNCATE", "truncate", by: .post)

    /// Nil when there is nothing.
    package func status(of path: HDFSPath) throws(HDFSError) -> HDFSFileStatus? {
        let call = Call(Self.statusOperation, path)
        do throws(HDFSError) {
            return try read(call) { reader throws(MalformedAnswer) in
                try reader.required("FileStatus") { reader throws(MalformedAnswer) in try HDFSFileStatus(&reader) }
            }
        } catch {
            if error.kind == .notFound || error.kind == .notDirectory { return nil }
            throw error
        }
    }

    /// With those above it. One that is there is left as it is. `permission` is for all that are made, whatever the umask.
    package func makeDirectories(_ path: HDFSPath, permission: UInt32? = nil) throws(HDFSError) {
        let call = Call(Self.mkdirs, path).with("permission", permission.map { String($0, radix: 8) })
        if try !readBool(call) { throw HDFSError(.other, call.operation.words, path, detail: "the NameNode says no and not why") }
    }

    /// False when there was nothing.
    @discardableResult
    package func remove(_ path: HDFSPath, _ removal: Removal = .single) throws(HDFSError) -> Bool {
        try readBool(Call(Self.delete, path).with("recursive", removal == .tree ? "true" : "false"))
    }

    /// Atomic. With `always`, a file, or an empty directory, is replaced; with `never`, whatever is there is an error (``HDFSError/Kind/exists``).
    package func rename(_ path: HDFSPath, to target: HDFSPath, replacing: Replacing = .never) throws(HDFSError) {
        let options = replacing == .always ? "OVERWRITE" : "NONE"
        _ = try send(Call(Self.rename, path).with("destination", target.text).with("renameoptions", options))
    }

    /// Only the superuser may give a file away.
    package func setOwner(of path: HDFSPath, owner: String? = nil, group: String? = nil) throws(HDFSError) {
        guard owner != nil || group != nil else { return }
        _ = try send(Call(Self.setOwner, path).with("owner", owner).with("group", group))
    }

    /// The lower twelve bits.
    package func setPermission(of path: HDFSPath, _ permission: UInt32) throws(HDFSError) {
        _ = try send(Call(Self.setPermission, path).with("permission", String(permission & 0o7777, radix: 8)))
    }

    /// Milliseconds since 1970; nil leaves one as it is.
    package func setTimes(of path: HDFSPath, modification: Int64? = nil, access: Int64? = nil) throws(HDFSError) {
        _ = try send(Call(Self.setTimes, path).with("modificationtime", modification ?? -1).with("accesstime", access ?? -1))
    }

    /// Of a file.
    package func setReplication(of path: HDFSPath, _ replication: Int) throws(HDFSError) {
        let call = Call(Self.setReplication, path).with("replication", replication)
        if try !readBool(call) { throw HDFSError(.notFound, call.operation.words, path, detail: "there is no file") }
    }

    /// Moves the blocks of `sources`, files of the same directory, to the end of the file, in order; they are gone then.
    package func concatenate(_ sources: [HDFSPath], onto path: HDFSPath) throws(HDFSError) {
        // The list is split at commas.
        if let source = sources.first(where: { $0.bytes.contains(UInt8(ascii: ",")) }) {
            throw HDFSError(.invalid, Self.concat.words, path, detail: "\(source) has a comma in its path")
        }
        _ = try send(Call(Self.concat, path).with("sources", sources.map(\.text).joined(separator: ",")))
    }

    /// False when the last block is being recovered; the file has its new length once that is done, and cannot be written until then.
    package func truncate(_ path: HDFSPath, to length: UInt64) throws(HDFSError) -> Bool {
        try readBool(Call(Self.truncate, path).with("newlength", length))
    }
}

extension HDFSClient {
    /// The value in the body of the answer.
    func read<Value>(
        _ call: Call, _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(HDFSError) -> Value { try read(send(call), of: call, body) }

    func read<Value>(
        _ bytes: [UInt8], of call: Call, _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(HDFSError) -> Value {
        do throws(MalformedAnswer) { return try JSONReader.read(bytes, body) } catch { throw self.error(error, call) }
    }

    /// Runs `member` with each member of the object that stands as `name` in the answer.
    func readMembers(
        of name: String, in call: Call, _ member: (String, inout JSONReader) throws(MalformedAnswer) -> Void
    ) throws(HDFSError) {
        try read(call) { reader throws(MalformedAnswer) in
            try reader.required(name) { reader throws(MalformedAnswer) in try reader.object(member) }
        }
    }

    /// `{"boolean": …}`.
    func readBool(_ call: Call) throws(HDFSError) -> Bool {
        try read(call) { reader throws(MalformedAnswer) in
            try reader.required("boolean") { reader throws(MalformedAnswer) in try reader.bool() }
        }
    }
}
