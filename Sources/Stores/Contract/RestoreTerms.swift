package import Archiving
package import Model

/// What a restore is told beside the image.
package struct RestoreTerms: Sendable {
    /// Content that need not be read.
    package var trusted: TrustedContent?
    package var lacking: LackingEntries
    package var privileges: Privileges

    package init(trusted: TrustedContent? = nil, lacking: LackingEntries = .none, privileges: Privileges = .restored) {
        self.trusted = trusted
        self.lacking = lacking
        self.privileges = privileges
    }
}
