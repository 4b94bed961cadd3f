import HostIO
import TestSupport
import Testing

@Suite struct RemoveTreeDepthTests {
    @Test(.timeLimit(.minutes(2))) func `a tree of 5,000 levels is removed with few descriptors and no deep stack`() throws {
        let place = try TemporaryDirectory.inMemory()
        let name = Array("d".utf8)
        try place.open().makeDirectory(name, mode: 0o700)
        var deepest = SharedDescriptor(try place.open().openDirectory(name))
        for _ in 1..<5000 {
            try deepest.descriptor.makeDirectory(name, mode: 0o700)
            deepest = SharedDescriptor(try deepest.descriptor.openDirectory(name))
        }
        try removeTree(name, in: place.open())
        #expect(try place.open().entries().isEmpty)
    }
}
