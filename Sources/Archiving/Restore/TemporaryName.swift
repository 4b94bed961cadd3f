/// Names that are kept for restores, which make entries under them: `.holdfast-`, twelve hex digits of that restore, `-` and a number. What
/// stands under one was left by a restore that was interrupted: it is no part of a source or of an image, and the next restore removes it.
enum TemporaryName {
    private static let beginning = Array(".holdfast-".utf8)
    private static let markDigits = 12

    /// `mark`: hex digits, drawn by each restore.
    static func make(mark: String, serial: Int) -> [UInt8] { beginning + Array("\(mark)-\(serial)".utf8) }

    /// Nothing but exactly such a name.
    static func isOne(_ name: [UInt8]) -> Bool {
        guard name.count > beginning.count + markDigits + 1, name.starts(with: beginning) else { return false }
        let mark = name[beginning.count..<(beginning.count + markDigits)]
        let serial = name[(beginning.count + markDigits + 1)...]
        return mark.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) } && name[beginning.count + markDigits] == UInt8(ascii: "-")
            && serial.count <= 19 && serial.first != UInt8(ascii: "0") && serial.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
