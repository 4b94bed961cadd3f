import Clusters
import Model
import StoreContract

/// A store of the running cluster.
struct StoreReportResult: Encodable {
    var name: String
    var kind: StoreKind
    var role: StoreRole
    var path: String
    var version: String?
    var bytes: OrNull<UInt64>
    var nativeImages: Bool?
    /// How images are made, and why not in another way.
    var imageReason: String?
    /// What an operator should know of it.
    var notes: [String]?
    var facts: [String: String]?
    /// Why it cannot be used.
    var problem: FailureResult?

    init(_ report: StoreReport) {
        name = report.declaration.name
        kind = report.declaration.kind
        role = report.declaration.role
        path = report.declaration.path
        switch report.status {
        case .success(let status):
            version = status.version
            bytes = OrNull(status.bytes)
            nativeImages = status.nativeImages
            imageReason = status.imageReason
            notes = status.notes
            facts = status.facts
        case .failure(let failure):
            bytes = OrNull(nil)
            problem = FailureResult(failure)
        }
    }
}
