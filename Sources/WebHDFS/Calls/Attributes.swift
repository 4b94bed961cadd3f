package import Model

/// The access control list of a file or directory beyond its permissions.
package struct HDFSAccessList: Hashable, Sendable {
    package var owner: String
    package var group: String
    /// The lower nine bits.
    package var permission: UInt32
    package var isSticky: Bool
    /// As HDFS writes them: `user:bob:rw-`, `group::r--`, `default:mask::rwx`. Empty when there are only permissions.
    package var entries: [String]

    package init(owner: String = "", group: String = "", permission: UInt32 = 0, isSticky: Bool = false, entries: [String] = []) {
        self.owner = owner
        self.group = group
        self.permission = permission
        self.isSticky = isSticky
        self.entries = entries
    }

    /// All entries with those that stand in the permissions, as ``HDFSClient/setAccessList(of:_:)`` takes them. Where there is a mask,
    /// the middle three bits of the permissions are it.
    package var specification: [String] {
        let access = entries.filter { !$0.hasPrefix("default:") }
        let (user, middle, other) = (Self.bits(permission >> 6), Self.bits(permission >> 3), Self.bits(permission))
        var all = ["user::\(user)"] + access
        all += access.isEmpty ? ["group::\(middle)"] : ["mask::\(middle)"]
        return all + ["other::\(other)"] + entries.filter { $0.hasPrefix("default:") }
    }

    private static func bits(_ bits: UInt32) -> String {
        "\(bits & 4 == 0 ? "-" : "r")\(bits & 2 == 0 ? "-" : "w")\(bits & 1 == 0 ? "-" : "x")"
    }
}

/// An extended attribute.
package struct HDFSAttribute: Hashable, Sendable {
    /// With its namespace: `user.note`, `trusted.…`.
    package var name: String
    package var value: [UInt8]

    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

extension HDFSClient {
    private static let getAccessList = Operation.get("GETACLSTATUS", "read the ACL of")
    private static let setAccessList = Operation.set("SETACL", "set the ACL of")
    private static let removeAccessList = Operation.set("REMOVEACL", "remove the ACL of")
    private static let getAttributes = Operation.get("GETXATTRS", "read the extended attributes of")
    private static let listAttributes = Operation.get("LISTXATTRS", "list the extended attributes of")
    private static let setAttribute = Operation.set("SETXATTR", "set an extended attribute of")
    private static let removeAttribute = Operation.once("REMOVEXATTR", "remove an extended attribute of")

    package func accessList(of path: HDFSPath) throws(HDFSError) -> HDFSAccessList {
        var list = HDFSAccessList()
        try readMembers(of: "AclStatus", in: Call(Self.getAccessList, path)) { key, reader throws(MalformedAnswer) in
            switch key {
            case "owner": list.owner = try reader.string()
            case "group": list.group = try reader.string()
            case "permission": list.permission = (UInt32(try reader.string(), radix: 8) ?? 0) & 0o777
            case "stickyBit": list.isSticky = try reader.bool()
            case "entries": list.entries = try reader.strings()
            default: try reader.skip()
            }
        }
        return list
    }

    /// Replaces all of it. `entries` must have those of the permissions: see ``HDFSAccessList/specification``.
    package func setAccessList(of path: HDFSPath, _ entries: [String]) throws(HDFSError) {
        _ = try send(Call(Self.setAccessList, path).with("aclspec", entries.joined(separator: ",")))
    }

    /// Leaves the permissions.
    package func removeAccessList(of path: HDFSPath) throws(HDFSError) { _ = try send(Call(Self.removeAccessList, path)) }

    /// Those that the user may see.
    package func attributes(of path: HDFSPath) throws(HDFSError) -> [HDFSAttribute] {
        var attributes: [HDFSAttribute] = []
        let call = Call(Self.getAttributes, path).with("encoding", "hex")
        try read(call) { reader throws(MalformedAnswer) in
            try reader.required("XAttrs") { reader throws(MalformedAnswer) in
                try reader.array { reader throws(MalformedAnswer) in attributes.append(try HDFSAttribute(&reader)) }
            }
        }
        return attributes
    }

    package func attributeNames(of path: HDFSPath) throws(HDFSError) -> [String] {
        let call = Call(Self.listAttributes, path)
        // A list of names, as JSON inside of a string.
        let names = try read(call) { reader throws(MalformedAnswer) in
            try reader.required("XAttrNames") { reader throws(MalformedAnswer) in try reader.utf8() }
        }
        return try read(names, of: call) { reader throws(MalformedAnswer) in try reader.strings() }
    }

    /// Made or replaced.
    package func setAttribute(of path: HDFSPath, _ attribute: HDFSAttribute) throws(HDFSError) {
        let value = attribute.value.isEmpty ? "" : "0x" + Hexadecimal.text(attribute.value)
        let call = Call(Self.setAttribute, path).with("xattr.name", attribute.name).with("xattr.value", value)
        do throws(HDFSError) { _ = try send(call.with("flag", "CREATE")) } catch {
            guard error.kind == .exists else { throw error }
            _ = try send(call.with("flag", "REPLACE"))
        }
    }

    /// One that is not there is an error (``HDFSError/Kind/notFound``).
    package func removeAttribute(of path: HDFSPath, named name: String) throws(HDFSError) {
        _ = try send(Call(Self.removeAttribute, path).with("xattr.name", name))
    }
}

extension HDFSAttribute {
    init(_ reader: inout JSONReader) throws(MalformedAnswer) {
        var name: String?
        var value: [UInt8]? = []
        try reader.object { key, reader throws(MalformedAnswer) in
            switch key {
            case "name": name = try reader.string()
            case "value": if !reader.takeNull() { value = Hexadecimal.bytes(try reader.string().dropFirst(2)) }
            default: try reader.skip()
            }
        }
        guard let name, let value else { throw reader.expected("an extended attribute in hex digits") }
        self.init(name: name, value: value)
    }
}

enum Hexadecimal {
    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Nil when there is something else in `text`.
    static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
