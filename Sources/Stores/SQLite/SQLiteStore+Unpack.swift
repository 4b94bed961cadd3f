import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import Synchronization

extension SQLiteStore {
    /// The database file of an image, to be read only. The plan, the restore and the check of one image in one scratch directory share it;
    /// it goes when another image is asked for, or with the scratch directory.
    func unpacked(_ image: StoreImage, _ scratch: ScratchDirectory, _ job: JobControl) throws -> StagedDatabase {
        guard case .archived(let tree) = image else { return try unpack(image, scratch, job) }
        let key = "\(scratch.path) \(tree.id.hex)"
        if let last = last.withLock({ $0 }) {
            if last.key == key, try statusOfPath(last.database.path) != nil { return last.database }
            last.database.remove()
        }
        let database = try unpack(image, scratch, job)
        last.withLock { $0 = Unpacked(key: key, database: database) }
        return database
    }

    /// The database file of an image, in a directory of the scratch directory, with the metadata that it had.
    func unpack(_ image: StoreImage, _ scratch: ScratchDirectory, _ job: JobControl) throws -> StagedDatabase {
        job.begin(phase: "unpacking \(declaration.name)")
        var staged = try StagedDatabase(in: scratch.path, called: "unpacked", name: Path.lastComponent(declaration.path), host: host)
        do {
            let restore = TreeRestore(
                image: image.tree, destination: staged.folder, host: host, options: .init(isDurable: false, privileges: .leftOut))
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
