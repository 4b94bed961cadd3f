/// Numbers of epochs, and what else counts the records of an installation: from 1 up to 2^53 − 1, which every reader of JSON has exactly.
package enum EpochNumber {
    package static let largest: UInt64 = (1 << 53) - 1

    /// What a file is called: decimal digits without leading zeros. Nil for any other name.
    package static func parse(_ name: some StringProtocol) -> UInt64? {
        guard let number = UInt64(name), (1...largest).contains(number), String(number).utf8.elementsEqual(name.utf8) else { return nil }
        return number
    }

    /// One that was remembered and cannot be one is as good as none.
    package static func remembered(_ number: UInt64) -> UInt64 { number <= largest ? number : 0 }

    /// Throws `refused` after the largest one.
    package static func next(after number: UInt64) throws(Failure) -> UInt64 {
        guard number < largest else {
            throw Failure(
                .refused, "there is no epoch after \(number)",
                hint: "move the directory holdfast/epochs of the cluster out of the target, then begin anew: holdfast standby start")
        }
        return number + 1
    }
}

/// Ids of clusters and installations: 32 digits of lower-case hex.
package enum InstallationID {
    package static func isSound(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// Names of hosts that come from elsewhere.
package enum HostName {
    /// The name, when it is one that is safe in a command: labels of letters, digits, hyphens and underscores with dots between them (RFC 1123), none
    /// beginning with a hyphen, 253 bytes at most. Nil for anything else.
    package static func proven(_ text: String) -> String? {
        guard !text.isEmpty, text.utf8.count <= 253 else { return nil }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty && label.first != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        return isName ? text : nil
    }
}
