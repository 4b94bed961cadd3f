import Model
import Testing

@Suite struct LastGoodLossTests {
    private func image(_ entry: String, _ store: String, _ extent: StoreExtent = .whole, good: Bool = true) -> LastGoodLoss.Image {
        LastGoodLoss.Image(entry: entry, store: store, extent: extent, isGood: good)
    }

    @Test func `the only good one of a store is its last, whatever else is there`() {
        let images = [image("1", "a"), image("2", "a", good: false), image("1", "b"), image("2", "b")]
        #expect(LastGoodLoss(deleting: ["1"], among: images).bare == ["a"])
        #expect(LastGoodLoss(deleting: ["2"], among: images).isEmpty)
        #expect(LastGoodLoss(deleting: ["1", "2"], among: images).bare == ["a", "b"])
    }

    @Test func `what is left may hold less`() {
        let images = [image("1", "a"), image("2", "a", .withoutBulkRows), image("3", "a", .structure)]
        #expect(LastGoodLoss(deleting: ["1"], among: images).poorer == ["a"])
        #expect(LastGoodLoss(deleting: ["2"], among: images).isEmpty)
        #expect(LastGoodLoss(deleting: ["1", "2", "3"], among: images).bare == ["a"])
    }

    @Test func `nothing is lost with images that nobody could restore from`() {
        #expect(LastGoodLoss(deleting: ["1"], among: [image("1", "a", good: false)]).isEmpty)
        #expect(LastGoodLoss(deleting: [], among: [image("1", "a")]).isEmpty)
    }
}
