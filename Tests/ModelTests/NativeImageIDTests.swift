import Model
import Testing

@Suite struct NativeImageIDTests {
    private let id = "a1758ac43d1b8f9832d37341e29c2fde"
    private let other = "b1758ac43d1b8f9832d37341e29c2fde"

    @Test func `it begins with the cluster's id and is a name for a file`() {
        let image = NativeImageID(of: id, at: Timestamp(seconds: 1_795_456_200), random: "89abcdef")
        #expect(image.text == "a1758ac43d1b-20261123-175000-89abcdef")
        #expect(image.isCut(by: id) && !image.isCut(byOtherThan: id))
        #expect(!image.isCut(by: other) && image.isCut(byOtherThan: other))
        #expect(NativeImageID(text: image.text + ".partial").isCut(by: id))
    }

    @Test(arguments: ["20261123-175000-89abcdef", "x.partial", "", "a1758ac43d1bz-1", "zzzzzzzzzzzz-20261123-175000-89abcdef"])
    func `of any other form nobody knows whose it is`(_ text: String) {
        let image = NativeImageID(text: text)
        #expect(!image.isCut(by: id) && !image.isCut(byOtherThan: id))
    }
}
