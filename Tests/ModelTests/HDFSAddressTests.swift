import Model
import Testing

@Suite struct HDFSAddressTests {
    @Test(arguments: [
        ("hdfs://nn", "hdfs://nn:9870", "/"),
        ("hdfs://nn:9000/a/b", "hdfs://nn:9000/a/b", "/a/b"),
        ("webhdfs://nn//a//b/", "hdfs://nn:9870/a/b", "/a/b"),
        ("swebhdfs://nn/x y%20?#", "swebhdfs://nn:9871/x y%20?#", "/x y%20?#"),
        ("hdfs://nn1:1,nn2/lake", "hdfs://nn1:1,nn2:9870/lake", "/lake"),
        ("hdfs://[::1]:9870/", "hdfs://[::1]:9870", "/"),
        ("hdfs://[fe80::2],10.0.0.7/p", "hdfs://[fe80::2]:9870,10.0.0.7:9870/p", "/p"),
    ]) func addressesAreRead(text: String, description: String, path: String) throws {
        let address = try HDFSAddress(parsing: text)
        #expect(address.description == description)
        #expect(address.path.text == path)
        #expect(try HDFSAddress(parsing: address.description) == address)
    }

    @Test(arguments: [
        ("/srv/lake", "is not an address of HDFS"), ("s3://x/y", "is not an address of HDFS"), ("hdfs://", "no sound host"),
        ("hdfs:///lake", "no sound host"), ("hdfs://nn1,/lake", "no sound host"), ("hdfs://nn:/x", "a port that is none"),
        ("hdfs://nn:0/x", "a port that is none"), ("hdfs://nn:70000/x", "a port that is none"), ("hdfs://nn:+1/x", "a port that is none"),
        ("hdfs://hdfs@nn/x", "names a user"), ("hdfs://nn,nn:9870/x", "twice"), ("hdfs://nn/a/../b", "a path that HDFS cannot have"),
        ("hdfs://n n/x", "no sound host"), ("hdfs://[::1/x", "no sound host"), ("hdfs://nn/a\u{0}", "a path that HDFS cannot have"),
    ]) func whatIsNoAddressIsRefusedWithARemedy(text: String, says: String) {
        let problem = #expect(throws: HDFSAddress.Problem.self) { try HDFSAddress(parsing: text) }
        #expect(problem?.text.contains(says) == true, "\(problem?.text ?? "")")
        #expect(problem?.remedy.isEmpty == false)
    }

    @Test func schemesTellWhatIsMeant() {
        #expect(HDFSAddress.isMeant(by: "hdfs://") && HDFSAddress.isMeant(by: "swebhdfs://x") && HDFSAddress.isMeant(by: "webhdfs://x"))
        #expect(!HDFSAddress.isMeant(by: "/hdfs://") && !HDFSAddress.isMeant(by: "hdfs:/x"))
    }

    @Test func pathsKeepTheirBytes() throws {
        let one = try #require(HDFSPath("/caf\u{E9}"))
        let two = try #require(HDFSPath("/cafe\u{301}"))
        #expect(one.text == two.text && one != two)
        #expect(Set([one, two]).count == 2)
        #expect(one.name == Array("caf\u{E9}".utf8) && one.parent == .root)
        #expect(HDFSPath.root.parent == .root && HDFSPath.root.name.isEmpty && HDFSPath("//") == .root)
        #expect(try #require(HDFSPath("/a/b")).parent == HDFSPath("/a"))
        #expect(one.appending(Array("x".utf8)) == HDFSPath("/caf\u{E9}/x") && HDFSPath.root.appending([0x61]) == HDFSPath("/a"))
        #expect(HDFSPath.root.appending(relative: "a/b") == HDFSPath("/a/b"))
    }

    @Test func whatIsNoNameIsNotAppended() {
        for name in ["", ".", "..", "a/b", "a\u{0}"] { #expect(HDFSPath.root.appending(Array(name.utf8)) == nil, "\(name)") }
        #expect(HDFSPath.root.appending([0xFF]) == nil)
        #expect(HDFSPath("a") == nil && HDFSPath("") == nil && HDFSPath("/a/./b") == nil)
    }

    @Test func liesWithinIsByComponents() throws {
        let (a, ab, abc) = (try #require(HDFSPath("/a")), try #require(HDFSPath("/a/b")), try #require(HDFSPath("/ab")))
        #expect(ab.isWithin(a) && a.isWithin(a) && a.isWithin(.root) && !a.isWithin(ab) && !abc.isWithin(a))
    }

    @Test func controlCharactersDoNotReachATerminal() throws {
        #expect(try #require(HDFSPath("/a\n\u{1B}[2J")).description == "/a\\n\\x1b[2J")
    }
}
