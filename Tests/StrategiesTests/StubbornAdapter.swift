import Archiving
import HostIO
import Model
import StoreContract
import Synchronization

/// A store that works in all but one thing: while it is stubborn, nothing can be put back into it.
final class StubbornAdapter: StoreAdapter {
    private let base: any StoreAdapter
    private let isStubborn: @Sendable () -> Bool

    init(_ base: any StoreAdapter, while isStubborn: @escaping @Sendable () -> Bool) {
        self.base = base
        self.isStubborn = isStubborn
    }

    var declaration: StoreDeclaration { base.declaration }

    func apply(_ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestoreOutcome {
        guard !isStubborn() else { throw Failure(.store, "\(declaration.name) will not be changed") }
        return try base.apply(plan, of: image, scratch: scratch, job: job)
    }

    func open() throws -> StoreStatus { try base.open() }
    func capture(_ request: CaptureRequest) throws -> Capture { try base.capture(request) }
    func image(of capture: Capture, job: JobControl) throws -> CapturedImage { try base.image(of: capture, job: job) }
    func release(_ capture: Capture, outcome: CaptureOutcome) { base.release(capture, outcome: outcome) }
    func reduce(_ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl) throws -> ReducedImage {
        try base.reduce(image, to: extent, scratch: scratch, job: job)
    }
    func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan {
        try base.planRestore(of: image, scratch: scratch, job: job)
    }
    func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck {
        try base.check(against: image, scratch: scratch, job: job)
    }
    func rehearse(
        _ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl
    ) throws -> any RehearsedStore {
        try base.rehearse(image, of: record, scratch: scratch, job: job)
    }
    func serviceNotes() -> [String] { base.serviceNotes() }
    func space() throws -> StoreSpace? { try base.space() }
    func nativeImages() throws -> [String] { try base.nativeImages() }
    func removeNativeImage(_ id: String) throws { try base.removeNativeImage(id) }
    var comparesNativeImages: Bool { base.comparesNativeImages }
    func openNativeImage(of record: StoreRecord, since: NativeImageBase?) throws -> any EntrySource {
        try base.openNativeImage(of: record, since: since)
    }
    func place() throws -> String? { try base.place() }
    func openNativeImage(_ id: String, since: String?) throws -> any EntrySource { try base.openNativeImage(id, since: since) }
    func destroy(job: JobControl) throws { try base.destroy(job: job) }
    func isEmpty() throws -> Bool { try base.isEmpty() }
}
