import Testing

@testable import HostIO

@Suite struct SwapFilesTests {
    @Test func `files of the kernel's table are found, partitions are not`() {
        let table = """
            Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
            /dev/vda2                               partition\t1048572\t\t0\t\t-2
            /srv/a\\040swap                          file\t\t4092\t\t0\t\t-3

            """
        #expect(SwapFiles.paths(in: table) == ["/srv/a swap"])
        #expect(SwapFiles.paths(in: "").isEmpty)
    }
}
