/// This program, as it is named to people and in what it writes.
package enum Program {
    package static let version = "0.1.0"
    /// `holdfast 0.1.0`: goes into manifests and snapshot files.
    package static let text = "holdfast \(version)"
}
