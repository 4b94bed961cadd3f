import Glibc

/// Where answers come from.
package struct TerminalInput: Sendable {
    /// Somebody can answer.
    package let isTTY: Bool
    private let source: @Sendable () -> String?

    package init(isTTY: Bool, source: @escaping @Sendable () -> String?) {
        self.isTTY = isTTY
        self.source = source
    }

    /// A line without its line feed; nil at the end of the input.
    package func readLine() -> String? { source() }

    package static let standard = TerminalInput(isTTY: isatty(0) == 1) { Swift.readLine(strippingNewline: true) }
}
