import HostIO

/// Fetches windows of objects that are read in small pieces: for a place where each read costs much before its first byte comes.
///
/// From the third read of an object on, what surrounds a piece is read with it, and kept for pieces beside it. A piece that is asked for
/// twice is read anew, so that a reader who doubts it gets it from the place itself. Takes for granted that an object that was not
/// replaced through this storage stays as it is.
package final class ReadAheadStorage: ObjectStorage {
    private let base: any ObjectStorage
    /// Bytes; windows begin at multiples of it.
    private let window: Int
    private let state: Monitor<Windows>

    /// At most `memory` bytes are kept, and those of the windows that are being read come on top.
    package init(_ base: any ObjectStorage, window: Int = 4 << 20, memory: Int = 64 << 20) {
        self.base = base
        self.window = max(1, window)
        state = Monitor(Windows(capacity: max(1, memory / max(1, window))))
    }

    package var location: String { base.location }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        guard buffer.count < window, offset <= UInt64(Int64.max) - UInt64(window),
            state.change({ $0.admits(Piece(name: name, start: offset, count: buffer.count)) })
        else { return try base.read(name, from: offset, into: buffer) }
        let size = try size(kept: name)
        guard UInt64(buffer.count) <= size, offset <= size - UInt64(buffer.count) else {
            throw StorageError(.truncated, name.text, in: location)
        }
        var filled = 0
        while filled < buffer.count {
            let position = offset + UInt64(filled)
            let place = WindowPlace(name: name, index: position / UInt64(window))
            let bytes = try self.bytes(of: place, size: size)
            let start = Int(position % UInt64(window))
            let count = min(buffer.count - filled, bytes.count - start)
            bytes.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
            }
            filled += count
        }
    }

    private func size(kept name: ObjectName) throws(StorageError) -> UInt64 {
        if let size = state.read({ $0.objects[name]?.size }) { return size }
        guard let size = try base.size(of: name) else { throw StorageError(.notFound, name.text, in: location) }
        state.change { $0.objects[name]?.size = size }
        return size
    }

    /// A whole window, read by one thread for all that want it.
    private func bytes(of place: WindowPlace, size: UInt64) throws(StorageError) -> [UInt8] {
        let kept = state.wait { windows in windows.take(place) }
        if let kept { return kept }
        let start = place.index * UInt64(window)
        var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(window), size - start)))
        var problem: StorageError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(StorageError) { try base.read(place.name, from: start, into: buffer) } catch { problem = error }
        }
        state.change { $0.finish(place, problem == nil ? bytes : nil) }
        if let problem { throw problem }
        return bytes
    }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] { try base.list(folder) }
    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? { try base.holdsFolder(folder) }
    package func strays(in folder: String) throws(StorageError) -> [String] { try base.strays(in: folder) }
    package func size(of name: ObjectName) throws(StorageError) -> UInt64? { try base.size(of: name) }
    package func space() throws(StorageError) -> StorageSpace? { try base.space() }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        // Its name may have been another's before.
        state.change { $0.forget(name) }
        try base.write(name, parts)
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        state.change { $0.exclude(name) }
        try base.replace(name, parts)
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        state.change { $0.forget(name) }
        try base.remove(name)
    }
}

private struct Piece: Hashable {
    let name: ObjectName
    let start: UInt64
    let count: Int
}

private struct WindowPlace: Hashable {
    let name: ObjectName
    let index: UInt64
}

/// What is kept.
private struct Windows {
    struct Object {
        var reads = 0
        var size: UInt64?
        /// Never read ahead.
        var isExcluded = false
    }

    private enum Window {
        case loading
        case kept([UInt8], lastUse: UInt64)
    }

    var objects: [ObjectName: Object] = [:]
    private var windows: [WindowPlace: Window] = [:]
    private let capacity: Int
    private var clock: UInt64 = 0
    /// Hashes of pieces that were given, to know one that is asked for again. One taken for another is only read more slowly.
    private var given: Set<Int> = []

    private static let objectLimit = 4096
    private static let givenLimit = 65_536

    init(capacity: Int) { self.capacity = capacity }

    /// Whether this read is one to read ahead for.
    mutating func admits(_ piece: Piece) -> Bool {
        if objects[piece.name] == nil, objects.count >= Self.objectLimit { objects = objects.filter { $0.value.isExcluded } }
        var object = objects[piece.name] ?? Object()
        defer { objects[piece.name] = object }
        object.reads += 1
        if given.count >= Self.givenLimit { given = [] }
        return given.insert(piece.hashValue).inserted && object.reads > 2 && !object.isExcluded
    }

    /// The bytes; `.some(nil)` when the caller is to load them; nil while another does.
    mutating func take(_ place: WindowPlace) -> [UInt8]?? {
        switch windows[place] {
        case .none:
            windows[place] = .loading
            return .some(nil)
        case .loading: return nil
        case .kept(let bytes, _):
            clock += 1
            windows[place] = .kept(bytes, lastUse: clock)
            return bytes
        }
    }

    /// Without bytes, it failed. What was forgotten meanwhile is not kept.
    mutating func finish(_ place: WindowPlace, _ bytes: [UInt8]?) {
        windows[place] = nil
        guard let bytes, let object = objects[place.name], !object.isExcluded else { return }
        clock += 1
        windows[place] = .kept(bytes, lastUse: clock)
        if windows.count > capacity { dropOldest() }
    }

    private mutating func dropOldest() {
        let kept = windows.compactMap { place, window -> (WindowPlace, UInt64)? in
            if case .kept(_, let lastUse) = window { (place, lastUse) } else { nil }
        }
        if let oldest = kept.min(by: { $0.1 < $1.1 })?.0 { windows[oldest] = nil }
    }

    mutating func forget(_ name: ObjectName) {
        if objects[name]?.isExcluded != true { objects[name] = nil }
        windows = windows.filter { place, window in
            if case .kept = window { place.name != name } else { true }
        }
    }

    mutating func exclude(_ name: ObjectName) {
        forget(name)
        objects[name] = Object(isExcluded: true)
    }
}
