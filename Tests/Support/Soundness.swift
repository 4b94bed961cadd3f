package import RepositoryEngine
import ResticFormat
package import Testing

/// Reads everything in the repository and reports what is wrong with it: after every test that changes one.
package func expectSound(
    _ repository: OpenRepository, _ moment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        let report = try repository.check(data: .all)
        if !report.isSound {
            let problems = report.problems.prefix(8).map(\.text).joined(separator: "; ")
            Issue.record("\(moment()) not sound: \(problems)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(moment()) cannot be checked: \(error)", sourceLocation: sourceLocation)
    }
}

/// Sound, and each snapshot holds exactly what it is expected to hold; there is no other.
package func expectHolds(
    _ expected: [StoredSnapshot: SampleTree], in repository: OpenRepository, _ moment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectSound(repository, moment(), sourceLocation: sourceLocation)
    do {
        let listing = try repository.snapshots()
        #expect(listing.unreadable.isEmpty, "\(moment())", sourceLocation: sourceLocation)
        #expect(Set(listing.snapshots) == Set(expected.keys), "\(moment())", sourceLocation: sourceLocation)
        let index = try repository.loadIndex()
        for (snapshot, tree) in expected {
            let same = try index.sample(snapshot.file.tree) == tree
            #expect(same, "\(moment()) snapshot \(snapshot.id.short) differs", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(moment()) cannot be read: \(error)", sourceLocation: sourceLocation)
    }
}
