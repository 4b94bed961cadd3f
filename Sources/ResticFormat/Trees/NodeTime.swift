import Glibc
package import Model

extension NodeTime {
    package init(_ timestamp: Timestamp, zoneOffset: Int32 = 0) {
        self.init(seconds: timestamp.seconds, nanoseconds: timestamp.nanoseconds, zoneOffset: zoneOffset)
    }

    package var timestamp: Timestamp { Timestamp(seconds: seconds, nanoseconds: min(nanoseconds, 999_999_999)) }

    /// RFC 3339 as Go's `RFC3339Nano`: trailing zeros of the fraction cut, `Z` for UTC. Years are clamped to 0...9999 as restic does.
    package var rfc3339: String {
        var writer = JSONWriter(capacity: 64)
        writer.time(self)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    package init?(rfc3339 text: String) {
        var text = text
        guard let time = text.withUTF8({ NodeTime(rfc3339: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = time
    }

    /// `2006-01-02T15:04:05[.fraction](Z|±hh:mm)`; digits of the fraction past the ninth are dropped.
    init?(rfc3339 text: UnsafeRawBufferPointer) {
        guard text.count >= 20, text[4] == 0x2D, text[7] == 0x2D, text[10] == 0x54, text[13] == 0x3A, text[16] == 0x3A,
            let year = NodeTime.number(text, 0..<4), let month = NodeTime.number(text, 5..<7), let day = NodeTime.number(text, 8..<10),
            let hour = NodeTime.number(text, 11..<13), let minute = NodeTime.number(text, 14..<16),
            let second = NodeTime.number(text, 17..<19)
        else { return nil }
        let civil = CivilTime(year: Int64(year), month: month, day: day, hour: hour, minute: minute, second: second)
        var index = 19
        guard let local = civil.secondsSinceEpoch, let fraction = NodeTime.fraction(text, &index),
            let offset = NodeTime.zone(text, index)
        else { return nil }
        self.init(seconds: local - Int64(offset), nanoseconds: fraction, zoneOffset: offset)
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var value = 0
        for index in range {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private static func fraction(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32? {
        guard text[index] == 0x2E else { return 0 }
        index += 1
        let start = index
        var value: UInt32 = 0
        while index < text.count, text[index] &- 0x30 < 10 {
            if index - start < 9 { value = value * 10 + UInt32(text[index] - 0x30) }
            index += 1
        }
        guard index > start else { return nil }
        for _ in 0..<max(0, 9 - (index - start)) { value *= 10 }
        return value
    }

    private static func zone(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int32? {
        guard index < text.count else { return nil }
        if text[index] == 0x5A { return index + 1 == text.count ? 0 : nil }
        guard text[index] == 0x2B || text[index] == 0x2D, text.count - index == 6, text[index + 3] == 0x3A,
            let hours = number(text, index + 1..<index + 3), let minutes = number(text, index + 4..<index + 6), hours <= 24, minutes < 60
        else { return nil }
        let offset = Int32(hours * 3600 + minutes * 60)
        return text[index] == 0x2D ? -offset : offset
    }
}

extension JSONWriter {
    /// RFC 3339 without quotes.
    mutating func time(_ time: NodeTime) {
        let shifted = time.seconds.addingReportingOverflow(Int64(time.zoneOffset))
        let local = shifted.overflow ? time.seconds : shifted.partialValue
        let civil = CivilTime(secondsSinceEpoch: local).clamped
        decimal(Int(civil.year), digits: 4)
        byte(0x2D)
        decimal(civil.month, digits: 2)
        byte(0x2D)
        decimal(civil.day, digits: 2)
        byte(0x54)
        decimal(civil.hour, digits: 2)
        byte(0x3A)
        decimal(civil.minute, digits: 2)
        byte(0x3A)
        decimal(civil.second, digits: 2)
        fraction(time.nanoseconds)
        zone(time.zoneOffset)
    }

    private mutating func fraction(_ nanoseconds: UInt32) {
        guard nanoseconds > 0 else { return }
        var value = Int(min(nanoseconds, 999_999_999))
        var digits = 9
        while value % 10 == 0 {
            value /= 10
            digits -= 1
        }
        byte(0x2E)
        decimal(value, digits: digits)
    }

    private mutating func zone(_ offset: Int32) {
        guard offset != 0 else { return byte(0x5A) }
        byte(offset < 0 ? 0x2D : 0x2B)
        let minutes = Int(offset.magnitude) / 60
        decimal(minutes / 60, digits: 2)
        byte(0x3A)
        decimal(minutes % 60, digits: 2)
    }

    mutating func quotedTime(_ time: NodeTime) {
        byte(0x22)
        self.time(time)
        byte(0x22)
    }
}

extension JSONScanner {
    mutating func time() throws(FormatError) -> NodeTime {
        let start = position
        let text = try rawString().text
        if let lastTime, lastTime.text.count == text.count, let last = lastTime.text.baseAddress, let this = text.baseAddress,
            memcmp(last, this, text.count) == 0
        {
            return lastTime.time
        }
        guard let time = NodeTime(rfc3339: text) else { throw error(.invalid("time"), at: start) }
        lastTime = (text, time)
        return time
    }
}

extension CivilTime {
    /// The same day and time of the year 0 or 9999 for years outside of them; 29 February becomes 1 March where there is none.
    fileprivate var clamped: CivilTime {
        guard year < 0 || year > 9999 else { return self }
        var moved = self
        moved.year = year < 0 ? 0 : 9999
        if !moved.isValid { (moved.month, moved.day) = (3, 1) }
        return moved
    }
}
