import Model
import TestSupport
import Testing
import WebHDFS

@Suite(.timeLimit(.minutes(2))) struct AttributeTests {
    @Test func anAccessListIsSetReadAndRemoved() throws {
        let place = try Place()
        try place.put("file", [1], HDFSFileOptions(permission: 0o640))
        let path = try place.at("file")
        #expect(try place.client.accessList(of: path).entries.isEmpty)
        try place.client.setAccessList(of: path, ["user::rwx", "user:bob:rw-", "group::r--", "mask::rwx", "other::--x"])
        let list = try place.client.accessList(of: path)
        #expect(list.entries == ["user:bob:rw-", "group::r--"] && list.permission == 0o771 && list.group == "supergroup")
        #expect(list.specification == ["user::rwx", "user:bob:rw-", "group::r--", "mask::rwx", "other::--x"])
        #expect(try place.client.status(of: path)?.hasACL == true)
        try place.client.removeAccessList(of: path)
        #expect(try place.client.accessList(of: path).entries.isEmpty)
        #expect(try place.client.status(of: path)?.hasACL == false)
    }

    @Test func whatWasReadOfOneAccessListMakesTheSameElsewhere() throws {
        let place = try Place()
        for name in ["one", "two"] { try place.client.makeDirectories(place.at(name), permission: 0o1750) }
        let entries = ["user::rwx", "user:bob:r-x", "group::r-x", "mask::r-x", "other::---", "default:user:carol:rwx"]
        try place.client.setAccessList(of: place.at("one"), entries)
        let list = try place.client.accessList(of: place.at("one"))
        #expect(list.isSticky && list.entries.contains("default:user:carol:rwx"))
        try place.client.setAccessList(of: place.at("two"), list.specification)
        var same = try place.client.accessList(of: place.at("two"))
        same.owner = list.owner
        #expect(same == list)
        // Without any: the permissions alone.
        try place.put("plain", [1], HDFSFileOptions(permission: 0o604))
        let plain = try place.client.accessList(of: place.at("plain"))
        #expect(plain.specification == ["user::rw-", "group::---", "other::r--"])
        try place.client.setAccessList(of: place.at("plain"), plain.specification)
        #expect(try place.client.status(of: place.at("plain"))?.permission == 0o604)
    }

    @Test func extendedAttributesKeepEveryByte() throws {
        let place = try Place()
        try place.put("file", [1])
        let path = try place.at("file")
        #expect(try place.client.attributes(of: path).isEmpty)
        let all = [UInt8](0...255)
        try place.client.setAttribute(of: path, HDFSAttribute(name: "user.all", value: all))
        try place.client.setAttribute(of: path, HDFSAttribute(name: "user.empty", value: []))
        try place.client.setAttribute(of: path, HDFSAttribute(name: "user.n\u{E9} +&%", value: [0x30, 0x78]))
        try place.client.setAttribute(of: path, HDFSAttribute(name: "user.all", value: all + [1]))
        let attributes = try place.client.attributes(of: path)
        #expect(
            Set(attributes) == [
                HDFSAttribute(name: "user.all", value: all + [1]), HDFSAttribute(name: "user.empty", value: []),
                HDFSAttribute(name: "user.n\u{E9} +&%", value: [0x30, 0x78]),
            ])
        #expect(Set(try place.client.attributeNames(of: path)) == Set(attributes.map(\.name)))
        try place.client.removeAttribute(of: path, named: "user.empty")
        expect(.notFound) { try place.client.removeAttribute(of: path, named: "user.empty") }
        expect(.invalid) { try place.client.setAttribute(of: path, HDFSAttribute(name: "bare", value: [])) }
    }

    @Test func storagePoliciesAreInheritedUnlessSet() throws {
        let place = try Place()
        try place.put("dir/file", [1])
        #expect(try place.client.storagePolicy(of: place.at("dir/file")).name == "HOT")
        try place.client.setStoragePolicy(of: place.at("dir"), "COLD")
        let policy = try place.client.storagePolicy(of: place.at("dir/file"))
        #expect(policy.name == "COLD")
        #expect(try place.client.status(of: place.at("dir"))?.storagePolicy == policy.id)
        try place.client.unsetStoragePolicy(of: place.at("dir"))
        #expect(try place.client.storagePolicy(of: place.at("dir/file")).name == "HOT")
        expect(.invalid) { try place.client.setStoragePolicy(of: place.at("dir"), "NO_SUCH") }
    }

    @Test func erasureCodingIsSetOnDirectories() throws {
        let place = try Place()
        #expect(try place.client.erasureCoding(of: place.path) == nil)
        let policy = "RS-6-3-1024k"
        try place.client.setErasureCoding(of: place.path, policy)
        #expect(try place.client.erasureCoding(of: place.path) == policy)
        #expect(try place.client.status(of: place.path)?.erasureCoding == policy)
        try place.client.unsetErasureCoding(of: place.path)
        #expect(try place.client.erasureCoding(of: place.path) == nil)
        expect(.invalid) { try place.client.setErasureCoding(of: place.path, "NO-SUCH") }
    }

    @Test func quotasAreSetReadAndRemoved() throws {
        let place = try Place()
        try place.put("file", [UInt8](repeating: 1, count: 100), HDFSFileOptions(replication: 2))
        #expect(try place.client.quotaUsage(of: place.path).quota == HDFSQuota())
        try place.client.setQuota(of: place.path, HDFSQuota(names: 10, space: 1 << 40))
        let usage = try place.client.quotaUsage(of: place.path)
        #expect(usage.quota == HDFSQuota(names: 10, space: 1 << 40) && usage.names == 2 && usage.spaceConsumed == 200)
        #expect(try place.client.contentSummary(of: place.path).quota == HDFSQuota(names: 10, space: 1 << 40))
        try place.client.setQuota(of: place.path, HDFSQuota(space: 1 << 30))
        #expect(try place.client.quotaUsage(of: place.path).quota == HDFSQuota(space: 1 << 30))
        try place.client.setQuota(of: place.path, HDFSQuota())
        #expect(try place.client.quotaUsage(of: place.path).quota == HDFSQuota())
    }

    @Test func spaceAndDefaultsAreTold() throws {
        let client = try HDFSServer.shared.client()
        let space = try #require(try client.space())
        #expect(space.remaining > 0 && space.remaining <= space.total)
        let defaults = try client.defaults()
        #expect(defaults.replication == 2 && defaults.blockSize == 128 << 20)
    }
}
