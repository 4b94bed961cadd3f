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

    /// The process's standard input. A wait for a line ends like the end of the input when `isCancelled` becomes true.
    package static func standard(isCancelled: @escaping @Sendable () -> Bool) -> TerminalInput {
        TerminalInput(isTTY: isatty(0) == 1) {
            while !isCancelled() {
                var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
                if poll(&waiting, 1, 100) != 0 { return Swift.readLine(strippingNewline: true) }
            }
            return nil
        }
    }
}
