import Glibc
package import HostIO
import Model
import Synchronization

/// A stream that text is written to, with what it can do. Everything that Holdfast prints goes through one of these,
/// and nothing raw: see ``print(_:)``.
package struct Terminal: Sendable {
    package static let defaultWidth = 80
    /// Of what is no terminal, unless COLUMNS says otherwise: nothing is cut off in a file or a pipe.
    private static let widthOfFiles = 1 << 16

    package let isTTY: Bool
    /// Columns.
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
            isTTY: isTTY, width: environment.columns ?? (isTTY ? windowWidth(descriptor) ?? Self.defaultWidth : Self.widthOfFiles),
            usesColour: isTTY && !environment.refusesColour, loss: loss
        ) { text in
            if let errno = writeAll(text, to: descriptor), errno != EPIPE { loss.note(SystemError(errno, "write", "the output")) }
        }
    }

    /// One line of a message. A line feed in it begins a line that is indented: nothing that comes from elsewhere begins a line of its own.
    package func print(_ line: String = "") { sink(Self.indented(shown(line)) + "\n") }

    /// Lines as a renderer has laid them out.
    package func show(_ lines: String) { sink(shown(lines) + "\n") }

    /// The beginning of a line, without a line feed.
    package func ask(_ question: String) { sink(Self.indented(shown(question))) }

    /// Takes the place of the line that the cursor is in.
    package func redraw(_ line: String) { sink("\r\(shown(Visible.line(line)))\u{1B}[K") }

    package func eraseLine() { sink("\r\u{1B}[K") }

    /// A mark that becomes a sequence of the terminal where it is shown, because such sequences themselves are escaped.
    package func paint(_ text: String, _ style: TextStyle) -> String {
        usesColour && !text.isEmpty ? StyleMark.begin(style) + text + StyleMark.end : text
    }

    /// Whatever could act on a terminal is escaped, but for line feeds and the marks of ``paint(_:_:)``.
    private func shown(_ text: String) -> String {
        guard usesColour else { return Visible.lines(text) }
        let parts = text.unicodeScalars.split(separator: StyleMark.separator, omittingEmptySubsequences: false)
        return parts.enumerated().map { index, part in
            guard index > 0 else { return Visible.lines(String(part)) }
            return StyleMark.sequence(part.first) + Visible.lines(String(part.dropFirst()))
        }.joined()
    }

    private static func indented(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().map { $0 == 0 || $1.hasPrefix("  ") ? String($1) : "  \($1)" }.joined(separator: "\n")
    }
}

/// The first error that kept something from being written to a stream, a reader that has gone aside.
package final class OutputLoss: Sendable {
    private let first = Mutex<SystemError?>(nil)

    package init() {}

    package var error: SystemError? { first.withLock { $0 } }

    package func note(_ error: SystemError) { first.withLock { $0 = $0 ?? error } }
}

/// Styles within text, until it is shown: a noncharacter of Unicode, which no text of others has, and a letter.
private enum StyleMark {
    static let separator = Unicode.Scalar(UInt32(0xFDD0)) ?? "\u{10FFFD}"
    private static let letters: [Unicode.Scalar: TextStyle] = ["b": .bold, "d": .dim, "r": .red, "g": .green, "y": .yellow, "R": .boldRed]
    static let end = "\(separator)0"

    static func begin(_ style: TextStyle) -> String {
        letters.first { $0.value == style }.map { "\(separator)\($0.key)" } ?? end
    }

    static func sequence(_ letter: Unicode.Scalar?) -> String {
        "\u{1B}[\(letter.flatMap { letters[$0]?.rawValue } ?? "0")m"
    }
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
