import Glibc
import HostIO

/// One file of an image while it is compared with another.
final class ImageFileReading {
    private let next: () throws -> [UInt8]?
    private var bytes: ArraySlice<UInt8> = []

    /// `next`: its pieces in order, nil at the end.
    init(_ next: @escaping () throws -> [UInt8]?) { self.next = next }

    func isSame(as other: ImageFileReading, _ job: JobControl) throws -> Bool {
        while true {
            try job.checkCancelled()
            let (hasMore, hasOtherMore) = (try fill(), try other.fill())
            guard hasMore, hasOtherMore else { return hasMore == hasOtherMore }
            let count = min(bytes.count, other.bytes.count)
            guard bytes.prefix(count).hasSameBytes(as: other.bytes.prefix(count)) else { return false }
            bytes = bytes.dropFirst(count)
            other.bytes = other.bytes.dropFirst(count)
        }
    }

    /// False at the end.
    private func fill() throws -> Bool {
        while bytes.isEmpty {
            guard let piece = try next() else { return false }
            bytes = piece[...]
        }
        return true
    }
}

extension ArraySlice<UInt8> {
    /// Both of one length, and not empty.
    fileprivate func hasSameBytes(as other: ArraySlice<UInt8>) -> Bool {
        withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return false }
                return memcmp(first, second, left.count) == 0
            }
        }
    }
}
