/// What a name in a folder of a storage may stand for. Whatever bears a foreign name is somebody else's, as what disk boxes, desktops and editors leave in
/// every directory: it is neither entered nor followed, and keeps nobody from anything.
package enum EntryForm {
    /// Two hexadecimal digits: a folder of objects.
    case folder
    /// More of them: an object that is named by its hash.
    case object
    case foreign

    package init(_ name: some Collection<UInt8>) {
        let isHex = name.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        self = !isHex || name.count < 2 ? .foreign : name.count == 2 ? .folder : .object
    }
}
