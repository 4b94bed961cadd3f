import HostIO
import ObjectStorage
import ResticFormat

extension OpenRepository {
    /// The blobs of a pack of `size` bytes, from the header at its end (format section "Pack Format").
    func packHeader(_ id: PackID, size: UInt64) throws -> [IndexedBlob] {
        let name = RepositoryNames.pack(id)
        guard size >= UInt64(PackHeader.trailerLength + Sealing.overhead) else { throw files.damaged(name, "it is too short") }
        var trailer = [UInt8](repeating: 0, count: PackHeader.trailerLength)
        try trailer.withUnsafeMutableBytes { try storage.read(name, from: size - UInt64(PackHeader.trailerLength), into: $0) }
        let length = try trailer.withUnsafeBytes { try PackHeader.sealedHeaderLength(trailer: $0, packSize: size) }
        let start = size - UInt64(PackHeader.trailerLength) - UInt64(length)
        var sealed = [UInt8](repeating: 0, count: length)
        try sealed.withUnsafeMutableBytes { try storage.read(name, from: start, into: $0) }
        return try sealed.withUnsafeMutableBytes {
            try openHeader($0, blobBytes: start, name: name, cipher: try Cipher(key, random: host.random))
        }
    }

    /// Decrypts a header in place and checks it; the blobs' lengths must add up to `blobBytes`.
    func openHeader(_ sealed: UnsafeMutableRawBufferPointer, blobBytes: UInt64, name: ObjectName, cipher: Cipher) throws -> [IndexedBlob] {
        guard let plain = try cipher.open(sealed) else { throw files.damaged(name, "the MAC of its header does not fit") }
        return try PackHeader.decode(UnsafeRawBufferPointer(plain), blobBytes: blobBytes)
    }
}
