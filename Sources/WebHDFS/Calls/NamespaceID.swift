import Model

extension HDFSClient {
    /// The id of the block pool, which tells one HDFS from another whatever its NameNodes are called: the page of figures of a NameNode has it (`/jmx`),
    /// active or not. Asked once, of each NameNode; nil when none tells.
    package func namespaceID() -> String? {
        for node in address.nameNodes {
            let url = base(of: node.description) + "/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo"
            guard let answer = try? web.exchange(.get, url, limit: 16 << 20), answer.status == 200 else { continue }
            if let id = Self.blockPool(in: answer.body) { return id }
        }
        return nil
    }

    /// `"BlockPoolId" : "BP-…"`.
    static func blockPool(in json: [UInt8]) -> String? {
        let text = String(decoding: json, as: UTF8.self)
        return text.firstMatch(of: /"BlockPoolId"\s*:\s*"([^"]{1,200})"/).map { String($0.output.1) }
    }
}
