import HostIO
import RepositoryEngine
import ResticFormat

/// Files of several blobs: one thread reads and cuts, all threads make the blobs.
extension ArchiveWorker {
    func readLarge(_ directory: PendingDirectory, _ index: Int) throws {
        let listed = directory.node(index)
        var node = listed
        let opened = try entry(listed.name, in: directory, index) { () throws -> (any SourceFile, Node) in
            let file = try directory.source.file(listed: listed)
            let before = try file.metadata()
            return (file, before)
        }
        guard let (source, before) = opened else { return }
        if !before.hasSameIdentity(as: listed) { node.refresh(by: before) }
        let file = PendingFile(directory: directory, index: index, node: node)
        do {
            try cut(source, into: file)
            if try !noteChange(of: source, since: before, directory, listed.name) { file.forgetTimeOfChange() }
            try conclude(file, file.completeReading(failed: false))
        } catch let error as EntryError {
            note(error, at: listed.name, in: directory)
            try conclude(file, file.completeReading(failed: true))
        }
    }

    func makeBlob(_ file: PendingFile, _ ordinal: Int, _ segment: Segment, _ range: Range<Int>) throws {
        let bytes = UnsafeRawBufferPointer(rebasing: segment.memory[range])
        let saved = try run.writer.save(bytes, as: .data, using: sealer)
        count(saved)
        totals.dataBytes.grow(by: DataBytes.count(bytes))
        totals.bytesRead += UInt64(range.count)
        run.job.add(range.count, to: .bytesDone)
        try conclude(file, file.complete(ordinal, saved.id))
    }

    private func conclude(_ file: PendingFile, _ outcome: PendingFile.Outcome?) throws {
        switch outcome {
        case nil: return
        case .failed: try finish(file.directory, file.directory.drop(file.index))
        case .content(let content, let size):
            run.job.add(1, to: .filesDone)
            // It has grown since it was listed.
            if size > file.node.size { totals.bytes.grow(by: size - file.node.size) }
            let finished = file.directory.complete(file.index) {
                $0 = file.node
                $0.size = size
                $0.content = content
            }
            try finish(file.directory, finished)
        }
    }

    /// Reads to the end, jumping over holes that hold whole blobs of zeros.
    private func cut(_ source: any SourceFile, into file: PendingFile) throws {
        let maximum = run.shape.maximum
        var segment = try takeSegment()
        // The bytes of the segment that are read and not cut, and the first one's offset in the file.
        var pending = 0..<0
        var offset: UInt64 = 0
        var atEnd = false
        while true {
            let holes = Int(clamping: try source.zeroRun(at: offset) / UInt64(maximum))
            if holes > 0 {
                let length = holes * maximum
                file.append(try zeroBlob(), count: holes, bytes: UInt64(length))
                run.job.add(length, to: .bytesDone)
                offset += UInt64(length)
                if length > pending.count {
                    pending = pending.upperBound..<pending.upperBound
                    atEnd = false
                    try source.seek(to: offset)
                } else {
                    pending = (pending.lowerBound + length)..<pending.upperBound
                }
            }
            if !atEnd, pending.count < maximum { (segment, pending, atEnd) = try fill(segment, pending, source) }
            if pending.isEmpty {
                if atEnd { return }
                continue
            }
            let length = run.shape.boundary(in: UnsafeRawBufferPointer(rebasing: segment.memory[pending]))
            let range = pending.lowerBound..<(pending.lowerBound + length)
            run.pool.push(.blob(file, ordinal: file.reserve(bytes: length), segment, range), .urgent)
            pending = range.upperBound..<pending.upperBound
            offset += UInt64(length)
        }
    }

    /// Reads on behind `pending`, in a new segment when this one has no room for a whole blob.
    private func fill(_ segment: Segment, _ pending: Range<Int>, _ source: any SourceFile) throws -> (Segment, Range<Int>, Bool) {
        var (segment, pending) = (segment, pending)
        if SegmentMemory.size - pending.lowerBound < run.shape.maximum {
            let next = try takeSegment()
            next.memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: segment.memory[pending]))
            segment = next
            pending = 0..<pending.count
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: segment.memory[pending.upperBound...])
        let count = try source.read(into: room)
        return (segment, pending.lowerBound..<(pending.upperBound + count), count < room.count)
    }

    /// Makes blobs until there is memory for more.
    private func takeSegment() throws -> Segment {
        while true {
            switch try run.pool.tokenOrUrgent() {
            case .job(let job): try perform(job)
            case .token:
                let (pool, segments) = (run.pool, run.segments)
                return Segment(segments.take()) { memory in
                    segments.giveBack(memory)
                    pool.giveBackToken()
                }
            }
        }
    }

    private func zeroBlob() throws -> BlobID {
        try run.zeroBlob { bytes in
            let saved = try run.writer.save(bytes, as: .data, using: sealer)
            count(saved)
            return saved.id
        }
    }
}
