import Archiving
package import HostIO
package import StoreContract
import Model
import Testing

/// A store of some kind with its adapter, new for each clause.
package protocol StoreUnderTest: Sendable {
    var adapter: any StoreAdapter { get }
    /// For ``CaptureRequest/nativeImageFolder``.
    var nativeImageFolder: String? { get }
    /// Where scratch directories go.
    var scratchParent: String { get }
    /// Makes the store with its first content.
    func fill() throws
    /// Changes, adds and deletes; each round differently.
    func damage(_ round: Int) throws
    /// Everything that a restore has to bring back, a line each. Empty when there is no store.
    func content() throws -> [String]
    /// All names in the store's place and beside it, to see that nothing is left behind.
    func surroundings() throws -> [String]
    /// Takes the place itself away.
    func remove() throws
    /// Whether a restore makes the place itself.
    var isMadeByRestores: Bool { get }
    /// Whether native images stay when the place is taken away.
    var nativeImagesOutliveTheStore: Bool { get }
}

extension StoreUnderTest {
    package var nativeImagesOutliveTheStore: Bool { true }
    package var isMadeByRestores: Bool { true }
}

/// What every store adapter must do, clause by clause. A test of an adapter is
/// `@Test(arguments: StoreAdapterContract.clauses) func keepsTheContract(clause: …) throws { try clause.check(makeStore()) }`.
package enum StoreAdapterContract {
    package struct Clause: Sendable, CustomTestStringConvertible {
        package let name: String
        package let check: @Sendable (any StoreUnderTest) throws -> Void
        package var testDescription: String { name }
    }

    package static let clauses: [Clause] = capturing + restoring + removing

    private static func clause(_ name: String, _ check: @escaping @Sendable (StoreRun) throws -> Void) -> Clause {
        Clause(name: name) { store in try check(StoreRun(store)) }
    }

    private static let capturing = [
        clause("opening tells the size and says why images are native or not") { run throws in
            try run.store.fill()
            let status = try run.adapter.open()
            #expect((status.bytes ?? 1) > 0)
            #expect(!status.imageReason.isEmpty)
        },
        clause("a store that is missing cannot be opened or captured, and the failure is one of the store with a remedy") { run throws in
            try run.store.fill()
            try run.store.remove()
            for attempt in [{ _ = try run.adapter.open() }, { _ = try run.capture("a") }] {
                let error = try #require(throws: (any Error).self) { try attempt() }
                let failure = Failure(describing: error)
                #expect(failure.code == .store && failure.hint != nil && failure.message.contains(run.adapter.declaration.path))
            }
        },
        clause("a capture is quick and its instant lies within the call") { run throws in
            try run.store.fill()
            let clock = SystemClock()
            let request = try run.prepare("a")
            let before = clock.now()
            let capture = try run.adapter.capture(request)
            let after = clock.now()
            #expect(before <= capture.began && capture.began <= capture.ended && capture.ended <= after)
            #expect(after.secondsSince(before) < 2)
            run.adapter.release(capture, outcome: .abandoned)
        },
        clause("a capture that is abandoned leaves nothing, before and after its image is made") { run throws in
            try run.store.fill()
            let before = try run.store.surroundings()
            run.adapter.abandon(try run.prepare("c"))
            let first = try run.capture("a")
            run.adapter.release(first, outcome: .abandoned)
            let second = try run.capture("b")
            _ = try run.adapter.image(of: second, job: JobControl())
            run.adapter.release(second, outcome: .abandoned)
            #expect(try run.adapter.nativeImages().isEmpty)
            #expect(try Descriptor.openDirectory(run.folder("a")).isEmptyDirectory())
            #expect(try Descriptor.openDirectory(run.folder("b")).isEmptyDirectory())
            #expect(try Descriptor.openDirectory(run.folder("c")).isEmptyDirectory())
            #expect(try run.store.surroundings() == before)
        },
        clause("native images are listed, opened and removed by their ids") { run throws in
            try run.store.fill()
            let images = [try run.snapshot("a"), try run.snapshot("b")]
            let native = images.filter { if case .native = $0 { true } else { false } }.count
            #expect(try run.adapter.nativeImages() == (native == 0 ? [] : ["a", "b"]))
            for id in try run.adapter.nativeImages() {
                _ = try run.adapter.openNativeImage(id).root()
                try run.adapter.removeNativeImage(id)
                #expect(throws: (any Error).self) { try run.adapter.openNativeImage(id) }
            }
            #expect(try run.adapter.nativeImages().isEmpty)
            try run.adapter.removeNativeImage("a")
        },
        clause("an image is not changed by what happens to the store afterwards") { run throws in
            try run.store.fill()
            let content = try run.store.content()
            let image = try run.snapshot("a")
            for round in 0..<3 { try run.store.damage(round) }
            try run.restore(image)
            #expect(try run.store.content() == content)
        },
    ]

    private static let restoring = [
        clause("the plan of an unchanged store is empty, and applying it does nothing") { run throws in
            try run.store.fill()
            let image = try run.snapshot("a")
            let plan = try run.plan(image)
            #expect(plan.isEmpty && plan.bytesToWrite == 0 && !plan.intoEmpty && plan.unchanged > 0, "\(plan)")
            let outcome = try run.adapter.apply(plan, of: image, scratch: run.scratch, job: JobControl())
            #expect(outcome == StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0))
        },
        clause("a plan touches nothing and says what will happen") { run throws in
            try run.store.fill()
            let image = try run.snapshot("a")
            try run.store.damage(0)
            let damaged = try run.store.content()
            let surroundings = try run.store.surroundings()
            let plan = try run.plan(image)
            #expect(!plan.isEmpty && !plan.examples.isEmpty && plan.examples.count <= 20)
            #expect(plan.newestChange != nil && plan.bytesToWrite > 0 && !plan.intoEmpty)
            #expect(try run.store.content() == damaged)
            #expect(try run.store.surroundings() == surroundings)
        },
        clause("a restore brings everything back, and then there is nothing left to do") { run throws in
            try run.store.fill()
            let content = try run.store.content()
            let image = try run.snapshot("a")
            for round in 0..<3 {
                try run.store.damage(round)
                #expect(try run.store.content() != content)
                let outcome = try run.restore(image)
                #expect(outcome.entriesChanged > 0 && outcome.issues == 0)
                #expect(try run.store.content() == content)
                let again = try run.plan(image)
                #expect(again.isEmpty, "round \(round): \(again)")
                let check = try run.adapter.check(against: image, scratch: run.scratch, job: JobControl())
                #expect(check == StoreCheck(), "\(check)")
            }
        },
        clause("a restore leads forth and back between two images") { run throws in
            try run.store.fill()
            let first = (try run.snapshot("a"), try run.store.content())
            try run.store.damage(1)
            let second = (try run.snapshot("b"), try run.store.content())
            for (image, content) in [first, second, first] {
                try run.restore(image)
                #expect(try run.store.content() == content)
            }
        },
        clause("the check finds what differs from the image") { run throws in
            try run.store.fill()
            let image = try run.snapshot("a")
            try run.store.damage(0)
            let check = try run.adapter.check(against: image, scratch: run.scratch, job: JobControl())
            #expect(check.differences > 0 && !check.examples.isEmpty)
        },
        clause("a restore makes a store that is not there, with the directories above it") { run throws in
            guard run.store.isMadeByRestores else { return }
            try run.store.fill()
            let content = try run.store.content()
            let image = try run.store.nativeImagesOutliveTheStore ? run.snapshot("a") : run.archive("a")
            try run.store.remove()
            let plan = try run.plan(image)
            #expect(plan.intoEmpty && !plan.isEmpty)
            try run.restore(image)
            #expect(try run.store.content() == content)
        },
        clause("a rehearsal opens an image apart from the store, and touches nothing of that") { run throws in
            try run.store.fill()
            let image = try run.snapshot("a")
            try run.store.damage(0)
            let (content, surroundings) = try (run.store.content(), run.store.surroundings())
            let store = run.adapter.declaration
            let now = SystemClock().now()
            // Not of what a snapshot counts, but of nothing.
            let record = StoreRecord(
                name: store.name, kind: store.kind, role: store.role, path: store.path, image: .archived, began: now, ended: now, issues: 1)
            let rehearsed = try run.adapter.rehearse(image, of: record, scratch: run.scratch, job: JobControl())
            defer { rehearsed.close() }
            let findings = rehearsed.findings
            #expect(findings.problems.isEmpty && !findings.proofs.isEmpty && findings.bytes > 0, "\(findings)")
            #expect(try run.store.content() == content)
            #expect(try run.store.surroundings() == surroundings)
        },
        clause("a restore that is cancelled says so, and the next one ends it") { run throws in
            try run.store.fill()
            let content = try run.store.content()
            let image = try run.snapshot("a")
            try run.store.damage(0)
            let plan = try run.plan(image)
            let job = JobControl()
            job.cancel()
            #expect(throws: (any Error).self) { try run.adapter.apply(plan, of: image, scratch: run.scratch, job: job) }
            try run.restore(image)
            #expect(try run.store.content() == content)
        },
    ]

    private static let removing = [
        clause("a destroyed store is empty; a store with content is not") { run throws in
            try run.store.fill()
            #expect(try !run.adapter.isEmpty())
            let image = try run.snapshot("a")
            let content = try run.store.content()
            try run.adapter.destroy(job: JobControl())
            #expect(try run.adapter.isEmpty())
            try run.adapter.destroy(job: JobControl())
            #expect(try run.plan(image).intoEmpty)
            try run.restore(image)
            #expect(try run.store.content() == content)
        },
        clause("a store that is not there is empty, and destroying it is not an error") { run throws in
            guard run.store.isMadeByRestores else { return }
            try run.store.fill()
            try run.store.remove()
            #expect(try run.adapter.isEmpty())
            try run.adapter.destroy(job: JobControl())
        },
        clause("a reduced image has the structure and says what to reload") { run throws in
            try run.store.fill()
            let image = try run.snapshot("a")
            let content = try run.store.content()
            let reduced = try run.adapter.reduce(image, to: .structure, scratch: run.scratch, job: JobControl())
            let reload =
                switch reduced {
                case .directoriesOnly(let reload), .rebuilt(_, _, let reload, _, _): reload
                case .beingRebuilt(let store): try ImageRepository().archive(store).contents.reload
                }
            #expect(!reload.isEmpty && reload.allSatisfy { $0.count != nil })
            #expect(try run.store.content() == content, "reducing works on a copy")
        },
    ]
}

/// The calls of the clauses.
package struct StoreRun: Sendable {
    package let store: any StoreUnderTest
    package let scratch: ScratchDirectory
    private let images: ImageRepository

    package init(_ store: any StoreUnderTest) throws {
        self.store = store
        scratch = try ScratchDirectory(in: store.scratchParent)
        images = try ImageRepository()
    }

    package var adapter: any StoreAdapter { store.adapter }
    package func folder(_ id: String) -> String { Path.join(scratch.path, "capture-\(id)") }

    /// What comes before the cut; what the adapter gives for that is archived.
    package func prepare(_ id: String) throws -> CaptureRequest {
        try makeDirectories(folder(id))
        let request = CaptureRequest(imageID: id, nativeImageFolder: store.nativeImageFolder, scratch: folder(id))
        if let image = try adapter.prepare(request, job: JobControl()) { try images.archive(image, before: id) }
        return request
    }

    package func capture(_ id: String) throws -> Capture { try adapter.capture(try prepare(id)) }

    /// Capture, image, keep, release: what a strategy does.
    package func snapshot(_ id: String) throws -> StoreImage {
        let capture = try capture(id)
        let image = try images.keep(try adapter.image(of: capture, job: JobControl()), of: capture, by: adapter)
        adapter.release(capture, outcome: .committed)
        return image
    }

    /// The same as a backup keeps it.
    package func archive(_ id: String) throws -> StoreImage {
        let capture = try capture(id)
        let image = StoreImage.archived(try images.archive(try adapter.image(of: capture, job: JobControl()), over: id).tree)
        adapter.release(capture, outcome: .committed)
        return image
    }

    package func plan(_ image: StoreImage) throws -> StoreRestorePlan {
        try adapter.planRestore(of: image, scratch: scratch, job: JobControl())
    }

    /// Opened in the scratch directory, as a drill does it; no rows are recorded of it. The caller closes it.
    package func rehearse(_ image: StoreImage) throws -> any RehearsedStore {
        let record = StoreRecord(
            name: adapter.declaration.name, kind: adapter.declaration.kind, role: adapter.declaration.role, path: "", image: .archived,
            began: Timestamp(seconds: 0), ended: Timestamp(seconds: 0))
        return try adapter.rehearse(image, of: record, scratch: scratch, job: JobControl())
    }

    @discardableResult
    package func restore(_ image: StoreImage) throws -> StoreRestoreOutcome {
        try adapter.apply(try plan(image), of: image, scratch: scratch, job: JobControl())
    }
}
