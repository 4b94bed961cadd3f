extension Tree {
    /// The plain bytes of the tree's blob, equal to what restic writes; the SHA-256 of them is the tree's id. The order of
    /// `nodes` is kept. Two things of older writers do not come back to the same bytes: link targets that are not UTF-8 (restic
    /// before 0.16 wrote `\ufffd` and lost them), and `\u0008` and `\u000c`, which Go since 1.22 writes as `\b` and `\f`.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + nodes.count * 512)
        writer.raw(Self.opening)
        for index in nodes.indices { writer.item(nodes[index], at: index) }
        writer.raw(Self.closing)
        return writer.finish()
    }

    /// The same bytes in pieces, in order, for trees whose text is too large to be in memory; a piece is valid within `body` only.
    package func encode(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        var writer = JSONWriter(capacity: Self.piece + 4096)
        writer.raw(Self.opening)
        for index in nodes.indices {
            writer.item(nodes[index], at: index)
            if writer.count >= Self.piece { try writer.empty(into: body) }
        }
        writer.raw(Self.closing)
        try writer.empty(into: body)
    }

    private static let opening: StaticString = "{\"nodes\":["
    private static let closing: StaticString = "]}\n"
    private static let piece = 128 << 10
}

extension Node {
    /// The node as it stands in its tree's blob.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.node(self)
        return writer.finish()
    }
}

extension JSONWriter {
    fileprivate mutating func item(_ node: borrowing Node, at index: Int) {
        if index > 0 { byte(0x2C) }
        self.node(node)
    }

    mutating func node(_ node: borrowing Node) {
        raw("{\"name\":")
        name(node.name)
        raw(",\"type\":\"")
        nodeType(node.type)
        byte(0x22)
        member(",\"mode\":", UInt64(node.mode))
        raw(",\"mtime\":")
        quotedTime(node.mtime)
        raw(",\"atime\":")
        quotedTime(node.atime)
        raw(",\"ctime\":")
        quotedTime(node.ctime)
        raw(",\"uid\":")
        unsigned(UInt64(node.uid))
        raw(",\"gid\":")
        unsigned(UInt64(node.gid))
        member(",\"user\":", node.user)
        member(",\"group\":", node.group)
        member(",\"inode\":", node.inode)
        member(",\"device_id\":", node.deviceID)
        member(",\"size\":", node.size)
        member(",\"links\":", node.links)
        linkTarget(node.linkTarget)
        attributes(node.extendedAttributes)
        genericAttributes(node.genericAttributes)
        member(",\"device\":", node.device)
        content(node.content)
        if let subtree = node.subtree {
            raw(",\"subtree\":")
            id(subtree)
        }
        member(",\"error\":", node.error)
        byte(0x7D)
    }

    private mutating func nodeType(_ type: NodeType) {
        switch type {
        case .file: raw("file")
        case .dir: raw("dir")
        case .symlink: raw("symlink")
        case .dev: raw("dev")
        case .chardev: raw("chardev")
        case .fifo: raw("fifo")
        case .socket: raw("socket")
        case .irregular: raw("irregular")
        }
    }

    private mutating func name(_ name: [UInt8]) {
        if name.withUnsafeBytes(QuotedName.isPlain) { string(name) } else { string(QuotedName.quote(name)) }
    }

    /// Left out when zero, like Go's `omitempty`.
    mutating func member(_ key: StaticString, _ value: UInt64) {
        guard value != 0 else { return }
        raw(key)
        unsigned(value)
    }

    mutating func member(_ key: StaticString, _ value: String) {
        guard !value.isEmpty else { return }
        raw(key)
        string(value)
    }

    private mutating func linkTarget(_ target: [UInt8]) {
        guard !target.isEmpty else { return }
        raw(",\"linktarget\":")
        string(target)
        guard !target.withUnsafeBytes(UTF8Scalar.isValid) else { return }
        raw(",\"linktarget_raw\":")
        base64(target)
    }

    private mutating func attributes(_ attributes: [ExtendedAttribute]) {
        guard !attributes.isEmpty else { return }
        raw(",\"extended_attributes\":[")
        for (index, attribute) in attributes.enumerated() {
            if index > 0 { byte(0x2C) }
            raw("{\"name\":")
            string(attribute.name)
            raw(",\"value\":")
            base64(attribute.value)
            byte(0x7D)
        }
        byte(0x5D)
    }

    private mutating func genericAttributes(_ value: [UInt8]?) {
        guard let value, !value.isEmpty else { return }
        raw(",\"generic_attributes\":")
        value.withUnsafeBytes { raw($0) }
    }

    private mutating func content(_ content: [BlobID]?) {
        guard let content else { return raw(",\"content\":null") }
        raw(",\"content\":[")
        for index in content.indices {
            if index > 0 { byte(0x2C) }
            id(content[index])
        }
        byte(0x5D)
    }
}
