/// The name of a native image: `1a2b3c4d5e6f-20261123-175000-89abcdef`, which begins with the first digits of the id of the cluster that cut
/// it. Clusters that share a storage keep the images of stores of one name in one folder, and each looks for left-overs among its own only.
/// Images of before this rule have no such beginning: `20261123-175000-89abcdef`.
package struct NativeImageID: Hashable, Sendable {
    package let text: String

    private static let digits = 12

    /// `random`: hex digits.
    package init(of cluster: String, at instant: Timestamp, random: String) {
        text = "\(cluster.prefix(Self.digits))-\(instant.compact)-\(random)"
    }

    /// An entry of the folder, whole or partly made.
    package init(text: String) { self.text = text }

    package func isCut(by cluster: String) -> Bool { text.hasPrefix("\(cluster.prefix(Self.digits))-") }

    /// Whether it says of itself that another cluster cut it.
    package func isCut(byOtherThan cluster: String) -> Bool {
        let beginning = text.prefix { $0 != "-" }
        return beginning.count == Self.digits && beginning.allSatisfy(\.isHexDigit) && !isCut(by: cluster)
    }
}
