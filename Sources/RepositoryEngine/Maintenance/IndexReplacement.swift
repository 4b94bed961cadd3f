import Model
import ResticFormat

/// What becomes of the index when packs leave it: the files that list one of them are replaced, the others stay as they are.
///
/// Small files, of which each backup leaves one, are joined by the way when there are many.
struct IndexReplacement {
    private static let manySmallFiles = 16

    /// Files that go.
    let files: Set<IndexID>
    /// Packs that they list and that must be listed anew.
    let packs: Set<PackID>

    init(of contents: IndexContents, without gone: Set<PackID>) {
        var files = Set(contents.files.filter { $0.value.contains(where: gone.contains) }.keys)
        let small = contents.files.filter { file in
            file.value.saturatedSum { contents.packs[$0]?.count ?? 0 } < IndexFile.fullBlobs / 2
        }
        if !files.isEmpty, small.count >= Self.manySmallFiles { files.formUnion(small.keys) }
        // One that a file that stays lists too needs no second listing, unless the two say different things.
        let staying = Set(contents.files.filter { !files.contains($0.key) }.flatMap(\.value)).subtracting(contents.contradictions)
        self.files = files
        packs = Set(files.flatMap { contents.files[$0] ?? [] }).subtracting(gone).subtracting(staying)
    }
}
