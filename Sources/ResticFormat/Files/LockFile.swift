/// A file of `locks/` (format section "Locks").
package struct LockFile: Hashable, Sendable {
    package var time: NodeTime
    package var isExclusive: Bool
    package var hostname: String
    package var username: String
    package var processID: Int64
    package var uid: UInt32
    package var gid: UInt32
    /// Ours; restic ignores it and writes none.
    package var program: String?
    /// Ours: what the holder is doing, for messages.
    package var purpose: String?
    /// Ours: what proves, on the same run of the same kernel, that the process has ended.
    package var owner: Owner?

    /// Names a process beyond its number.
    package struct Owner: Hashable, Sendable {
        /// A hash of the machine's id; nil where it has none.
        package var machine: String?
        package var boot: String
        package var namespaces: String
        package var started: UInt64

        package init(machine: String? = nil, boot: String, namespaces: String, started: UInt64) {
            self.machine = machine
            self.boot = boot
            self.namespaces = namespaces
            self.started = started
        }
    }

    package init(
        time: NodeTime, isExclusive: Bool, hostname: String, username: String, processID: Int64, uid: UInt32 = 0, gid: UInt32 = 0,
        program: String? = nil, purpose: String? = nil
    ) {
        self.time = time
        self.isExclusive = isExclusive
        self.hostname = hostname
        self.username = username
        self.processID = processID
        self.uid = uid
        self.gid = gid
        self.program = program
        self.purpose = purpose
    }
}

extension LockFile: JSONFile {
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .lock)
        var time: NodeTime?
        var (machine, boot, namespaces): (String?, String?, String?) = (nil, nil, nil)
        var started: UInt64?
        self.init(time: .epoch, isExclusive: false, hostname: "", username: "", processID: 0)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try scanner.takeNull() { continue }
            switch key {
            case "time": time = try scanner.time()
            case "exclusive": isExclusive = try scanner.bool()
            case "hostname": hostname = try scanner.text()
            case "username": username = try scanner.text()
            case "pid": processID = try scanner.signed()
            case "uid": uid = try scanner.unsigned32()
            case "gid": gid = try scanner.unsigned32()
            case "program": program = try scanner.text()
            case "purpose": purpose = try scanner.text()
            case "machine": machine = try scanner.text()
            case "boot": boot = try scanner.text()
            case "namespaces": namespaces = try scanner.text()
            case "started": started = try scanner.unsigned()
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard let time else { throw scanner.error(.missing("time")) }
        self.time = time
        if let boot, let namespaces, let started { owner = Owner(machine: machine, boot: boot, namespaces: namespaces, started: started) }
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.quotedTime(time)
        writer.raw(isExclusive ? ",\"exclusive\":true" : ",\"exclusive\":false")
        writer.raw(",\"hostname\":")
        writer.string(hostname)
        writer.raw(",\"username\":")
        writer.string(username)
        writer.raw(",\"pid\":")
        writer.signed(processID)
        writer.member(",\"uid\":", UInt64(uid))
        writer.member(",\"gid\":", UInt64(gid))
        writer.member(",\"program\":", program ?? "")
        writer.member(",\"purpose\":", purpose ?? "")
        if let owner {
            writer.member(",\"machine\":", owner.machine ?? "")
            writer.member(",\"boot\":", owner.boot)
            writer.member(",\"namespaces\":", owner.namespaces)
            writer.raw(",\"started\":")
            writer.unsigned(owner.started)
        }
        writer.byte(0x7D)
        return writer.finish()
    }
}
