import Model

/// Room on the DataNodes that live. Bytes as they lie there: a file takes its length times its replicas.
package struct HDFSSpace: Hashable, Sendable {
    package var remaining: UInt64
    package var total: UInt64
    /// DataNodes: no file can have more replicas.
    package var liveDataNodes: Int
}

/// What a new file gets when nothing else is said.
package struct HDFSDefaults: Hashable, Sendable {
    package var replication: Int
    package var blockSize: UInt64
}

extension HDFSClient {
    private static let space = Operation.get("jmx", "read the free space of")
    private static let serverDefaults = Operation.get("GETSERVERDEFAULTS", "read the defaults of")

    /// WebHDFS tells it from Hadoop 3.4 on; the NameNode's metrics do in every release, though only to who passes Kerberos where there is
    /// one: nil then.
    package func space() throws(HDFSError) -> HDFSSpace? {
        // Shows whether there is an active NameNode at all, and which.
        _ = try status(of: .root)
        let call = Call(Self.space, .root)
        let url = activeBase + "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
        let answer = try asking(activeServer, call) { () throws(ExchangeError) in try web.exchange(.get, url, limit: Self.answerLimit) }
        guard answer.status == 200 else { return nil }
        var (remaining, total): (UInt64?, UInt64?)
        var liveDataNodes = 0
        try read(answer.body, of: call) { reader throws(MalformedAnswer) in
            _ = try reader.member("beans") { reader throws(MalformedAnswer) in
                try reader.array { reader throws(MalformedAnswer) in
                    try reader.object { key, reader throws(MalformedAnswer) in
                        switch key {
                        case "CapacityRemaining": remaining = try reader.count()
                        case "CapacityTotal": total = try reader.count()
                        case "NumLiveDataNodes": liveDataNodes = Int(try reader.integer())
                        default: try reader.skip()
                        }
                    }
                }
            }
        }
        guard let remaining, let total else { return nil }
        return HDFSSpace(remaining: remaining, total: total, liveDataNodes: liveDataNodes)
    }

    package func defaults() throws(HDFSError) -> HDFSDefaults {
        var defaults = HDFSDefaults(replication: 3, blockSize: 128 << 20)
        try readMembers(of: "FsServerDefaults", in: Call(Self.serverDefaults, .root)) { key, reader throws(MalformedAnswer) in
            switch key {
            case "replication": defaults.replication = Int(try reader.integer())
            case "blockSize": defaults.blockSize = try reader.count()
            default: try reader.skip()
            }
        }
        return defaults
    }
}
