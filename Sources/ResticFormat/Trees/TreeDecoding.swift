extension Tree {
    /// Unknown members are ignored and members may stand in any order; wrong types are errors. Neither the order of the nodes nor
    /// their names are judged: see `isInOrder` and `Node/hasSafeName`.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .tree)
        var tree = Tree(nodes: [])
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "nodes":
                tree.nodes.removeAll()
                if try scanner.takeNull() { continue }
                tree.nodes.reserveCapacity(min(bytes.count / 384, 1 << 20))
                try scanner.enterArray()
                while try scanner.nextItem() { tree.append(try scanner.node()) }
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        self = tree
    }

    /// Of a million entries, most have the same attributes as the one before: in memory they share them.
    mutating func append(_ node: Node) {
        var node = node
        if let last = nodes.last, last.extendedAttributes == node.extendedAttributes {
            node.extendedAttributes = last.extendedAttributes
        }
        nodes.append(node)
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(FormatError) in try Tree(decoding: UnsafeRawBufferPointer(buffer)) }
    }
}

extension JSONScanner {
    mutating func node() throws(FormatError) -> Node {
        var node = Node(name: [], type: .irregular)
        var rawTarget: [UInt8]?
        try enterObject()
        while let key = try nextKey() {
            if try takeNull() { continue }
            switch key {
            case "name": node.name = try nodeName()
            case "type": node.type = try nodeType()
            case "mode": node.mode = try unsigned32()
            case "mtime": node.mtime = try time()
            case "atime": node.atime = try time()
            case "ctime": node.ctime = try time()
            case "uid": node.uid = try unsigned32()
            case "gid": node.gid = try unsigned32()
            case "user": node.user = try text()
            case "group": node.group = try text()
            case "inode": node.inode = try unsigned()
            case "device_id": node.deviceID = try unsigned()
            case "size": node.size = try unsigned()
            case "links": node.links = try unsigned()
            case "content": node.content = try blobs()
            case "subtree": node.subtree = try id()
            case "linktarget": node.linkTarget = try string()
            case "linktarget_raw": rawTarget = try base64()
            case "extended_attributes": node.extendedAttributes = try attributes()
            case "generic_attributes": node.genericAttributes = [UInt8](try skipValue())
            case "device": node.device = try unsigned()
            case "error": node.error = try text()
            default: try skipValue()
            }
        }
        if let rawTarget { node.linkTarget = rawTarget }
        return node
    }

    private mutating func nodeName() throws(FormatError) -> [UInt8] {
        let start = position
        let raw = try rawString()
        guard raw.hasEscapes else { return [UInt8](raw.text) }
        guard let name = QuotedName.unquote(try unescaped(raw.text, at: start)) else { throw error(.invalid("quoted name"), at: start) }
        return name
    }

    /// A type that is not known is taken as `irregular`, so that the rest of its directory can be read.
    private mutating func nodeType() throws(FormatError) -> NodeType {
        switch JSONKey(text: try rawString().text) {
        case "file": .file
        case "dir": .dir
        case "symlink": .symlink
        case "dev": .dev
        case "chardev": .chardev
        case "fifo": .fifo
        case "socket": .socket
        default: .irregular
        }
    }

    private mutating func blobs() throws(FormatError) -> [BlobID] {
        var blobs: [BlobID] = []
        try enterArray()
        while try nextItem() { blobs.append(try id()) }
        return blobs
    }

    private mutating func attributes() throws(FormatError) -> [ExtendedAttribute] {
        var attributes: [ExtendedAttribute] = []
        try enterArray()
        while try nextItem() { attributes.append(try attribute()) }
        return attributes
    }

    private mutating func attribute() throws(FormatError) -> ExtendedAttribute {
        var attribute = ExtendedAttribute(name: [], value: [])
        try enterObject()
        while let key = try nextKey() {
            if try takeNull() { continue }
            switch key {
            case "name": attribute.name = Array(try text().utf8)
            case "value": attribute.value = try base64()
            default: try skipValue()
            }
        }
        return attribute
    }
}
