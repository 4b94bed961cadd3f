import Archiving
import HostIO
import Model
import StoreContract

extension SQLiteStore {
    /// The database file of an image, in a directory of the scratch directory, with the metadata that it had.
    func unpack(_ image: StoreImage, _ scratch: ScratchDirectory, _ job: JobControl) throws -> StagedDatabase {
        job.begin(phase: "unpacking \(declaration.name)")
        var staged = try StagedDatabase(in: scratch.path, called: "unpacked", name: Path.lastComponent(declaration.path), host: host)
        do {
            let restore = TreeRestore(image: image.tree, destination: staged.folder, host: host)
            _ = try restore.apply(try restore.plan(job: job), job: job)
            staged.name = try nameOfDatabase(in: staged.folder)
            return staged
        } catch {
            staged.remove()
            throw error
        }
    }

    /// An image holds one file; its name is the one that the database had when it was captured.
    private func nameOfDatabase(in folder: String) throws -> String {
        let entries = try Descriptor.openDirectory(folder).entries()
        guard entries.count == 1, let entry = entries.first, entry.kind == .file, let name = String(validating: entry.name, as: UTF8.self)
        else {
            throw Failure(
                .damaged, "store \(declaration.name): the image is not that of a database",
                hint: "it was made by something else; restore from another snapshot or backup",
                cause: "\(entries.count) entries instead of one file")
        }
        return name
    }
}
