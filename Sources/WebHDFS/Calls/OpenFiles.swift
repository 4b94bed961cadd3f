package import Model
import NIOHTTP1

/// Files that somebody is writing. WebHDFS has no list of them; the NameNode's page for `hdfs fsck` names them. (Its metrics count them, but may be ten
/// seconds old.)
extension HDFSClient {
    private static let metrics = Operation.get("jmx", "read the metrics of")
    private static let check = Operation.get("fsck", "look for open files below").long
    private static let opening = Operation.get("OPEN", "read")

    /// The id of the file system's blocks: no two file systems have the same, whatever the names of their NameNodes. Nil where the NameNode shows its
    /// metrics to nobody.
    package func blockPool() throws(HDFSError) -> String? {
        _ = try status(of: .root)
        var pool: String?
        let wanted = "/jmx?get=Hadoop:service=NameNode,name=NameNodeInfo::BlockPoolId"
        guard let body = try page(wanted, Call(Self.metrics, .root)) else { return nil }
        try read(body, of: Call(Self.metrics, .root)) { reader throws(MalformedAnswer) in
            _ = try reader.member("beans") { reader throws(MalformedAnswer) in
                try reader.array { reader throws(MalformedAnswer) in
                    pool = try reader.member("BlockPoolId") { reader throws(MalformedAnswer) in try reader.string() } ?? pool
                }
            }
        }
        return pool.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Paths below `path` that the NameNode lists as open for writing: candidates, to be confirmed by ``blocks(of:)``. The NameNode walks through all
    /// that is below, in its memory. Nil where it does not answer, or could not look everywhere.
    package func openFiles(below path: HDFSPath) throws(HDFSError) -> [HDFSPath]? {
        let identity: String
        switch options.identity {
        case .user(let name): identity = "ugi=\(PercentEncoding.encode(name.utf8))"
        case .token(let token): identity = "delegation=\(PercentEncoding.encode(token.text.utf8))"
        }
        let target = "/fsck?\(identity)&path=\(PercentEncoding.encode(path.bytes))&openforwrite=1"
        guard let body = try page(target, Call(Self.check, path), isLong: true) else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        return Self.isWhole(text) ? Self.openPaths(in: text) : nil
    }

    /// Whether a check came to its end. `hdfs fsck` takes its exit status from the end of the last line too: `is HEALTHY`, `is CORRUPT`; `FAILED` also
    /// where a directory below may not be listed.
    static func isWhole(_ text: String) -> Bool {
        guard let last = text.split(whereSeparator: \.isNewline).last else { return false }
        return last.hasSuffix("is HEALTHY") || last.hasSuffix("is CORRUPT")
    }

    /// `/lake/log 3145728 bytes, replicated: replication=2, 3 block(s), OPENFORWRITE: `, the next one on the same line: what stands before each length.
    static func openPaths(in text: String) -> [HDFSPath] {
        var paths: [HDFSPath] = []
        var rest = text[...]
        while let mark = rest.firstRange(of: ", OPENFORWRITE:") {
            let line = rest[..<mark.lowerBound].split(separator: "\n").last ?? ""
            // Old releases show their progress as dots.
            if let path = openPath(in: line.drop { $0 == " " || $0 == "." }) { paths.append(path) }
            rest = rest[mark.upperBound...]
        }
        return paths
    }

    private static func openPath(in entry: Substring) -> HDFSPath? {
        guard let bytes = entry.lastRange(of: " bytes, ") else { return nil }
        let head = entry[..<bytes.lowerBound]
        guard let space = head.lastIndex(of: " ") else { return nil }
        let length = head[head.index(after: space)...]
        guard !length.isEmpty, length.allSatisfy(\.isWholeNumber) else { return nil }
        return HDFSPath(head[..<space])
    }

    /// How many bytes of a file readers can see now, those of a block that is being written among them.
    package func visibleLength(of path: HDFSPath) throws(HDFSError) -> UInt64 {
        var choice = DataNodeChoice(self)
        let call = Call(Self.opening, path)
        while true {
            let place = try choice.next(for: call)
            do throws(HDFSError) { return try visibleLength(at: place, call) } catch {
                guard error.mayBeOfDataNode else { throw error }
                try choice.failed(place, error)
            }
        }
    }

    private func visibleLength(at place: DataNodePlace, _ call: Call) throws(HDFSError) -> UInt64 {
        let download = try asking(place.server, call) { () throws(ExchangeError) in try web.download(place.url) }
        defer { download.cancel() }
        let head = try asking(place.server, call) { () throws(ExchangeError) in try download.head() }
        guard head.status == .ok else {
            let body = try asking(place.server, call) { () throws(ExchangeError) in try download.rest(limit: 1 << 20) }
            throw error(WebAnswer(head, body: body), call, place.server)
        }
        guard let length = head.headers.first(name: "Content-Length").flatMap(UInt64.init) else {
            throw HDFSError(.notHDFS, call.operation.words, call.path, server: place.server, detail: "no length was told")
        }
        return length
    }

    /// A page of the active NameNode's web server; nil when it refuses it.
    private func page(_ target: String, _ call: Call, isLong: Bool = false) throws(HDFSError) -> [UInt8]? {
        let answer = try asking(activeServer, call) { () throws(ExchangeError) in
            try web.exchange(.get, activeBase + target, limit: Self.answerLimit, isLong: isLong)
        }
        return answer.status == 200 ? answer.body : nil
    }
}

extension HDFSPath {
    /// The file or directory with an inode's number, wherever it is.
    package static func inode(_ number: Int64) -> HDFSPath? { HDFSPath("/.reserved/.inodes/\(number)") }
}

extension StringProtocol {
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        var found: Range<Index>?
        var start = startIndex
        while let next = self[start...].firstRange(of: text) {
            found = next
            start = next.upperBound
        }
        return found
    }
}
