import Glibc
package import HostIO
import Synchronization

/// A stream that text is written to, with what it can do. Everything that Holdfast prints goes through one of these.
package struct Terminal: Sendable {
    package static let defaultWidth = 80

    package let isTTY: Bool
    /// Columns; 80 when it is not a terminal.
    package let width: Int
    package let usesColour: Bool
    /// What could not be written.
    package let loss: OutputLoss
    private let sink: @Sendable (String) -> Void

    package init(
        isTTY: Bool, width: Int = defaultWidth, usesColour: Bool = false, loss: OutputLoss = OutputLoss(),
        sink: @escaping @Sendable (String) -> Void
    ) {
        self.isTTY = isTTY
        self.width = max(20, width)
        self.usesColour = usesColour
        self.loss = loss
        self.sink = sink
    }

    /// The stream behind a descriptor. A stream that nobody reads any more swallows what is written; any other error is noted in ``loss``.
    package init(descriptor: Int32, environment: OutputEnvironment) {
        let isTTY = isatty(descriptor) == 1 && !environment.isDumb
        let loss = OutputLoss()
        self.init(
            isTTY: isTTY, width: environment.columns ?? (isTTY ? windowWidth(descriptor) : nil) ?? Self.defaultWidth,
            usesColour: isTTY && !environment.refusesColour, loss: loss
        ) { text in
            if let errno = writeAll(text, to: descriptor), errno != EPIPE { loss.note(SystemError(errno, "write", "the output")) }
        }
    }

    /// As it is, without a line feed.
    package func write(_ text: String) { sink(text) }

    package func print(_ line: String = "") { sink(line + "\n") }

    package func paint(_ text: String, _ style: TextStyle) -> String {
        usesColour && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The first error that kept something from being written to a stream, a reader that has gone aside.
package final class OutputLoss: Sendable {
    private let first = Mutex<SystemError?>(nil)

    package init() {}

    package var error: SystemError? { first.withLock { $0 } }

    package func note(_ error: SystemError) { first.withLock { $0 = $0 ?? error } }
}

/// SGR parameters (ECMA-48).
package enum TextStyle: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case boldRed = "1;31"
}

private func windowWidth(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return nil }
    return Int(size.ws_col)
}

/// Gives the errno that ended it, if one did.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while rest.count > 0 {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            if written < 0, errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 1000)
                continue
            }
            guard written > 0 else { return written < 0 ? errno : EIO }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        return nil
    }
}
