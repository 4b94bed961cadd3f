/// One word of a shell command (POSIX, "Quoting").
package func shellWord(_ text: String) -> String {
    let plain = text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "/._-+@:=,".utf8.contains($0)
    }
    return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
}

/// The programs that a shell command runs, as far as its text says it without the shell.
package enum ShellPrograms {
    /// Programs that run the program that their arguments name.
    private static let runners: Set<String> = [
        "exec", "command", "nohup", "env", "nice", "ionice", "setsid", "timeout", "sudo", "runuser", "su", "setpriv", "chroot", "flock",
        "time",
        "sh", "bash", "dash", "ash", "ksh", "zsh", "python", "python3", "perl", "ruby", ".", "source", "if", "then", "else", "elif",
        "while",
        "until", "do", "!", "{", "systemd-run",
    ]

    /// Options of theirs that have the next word as their value.
    private static let withValue: Set<String> = ["-u", "-g", "-U", "-G", "-n", "-s", "-k", "-p", "--user", "--group", "--signal"]

    /// Absolute paths of what is run. A word that the shell would change, and what a program does with its arguments, is not looked into.
    package static func paths(in command: String) -> [String] {
        words(of: command).flatMap(program).filter { $0.hasPrefix("/") }.map { PathText.normalise($0, relativeTo: "/") }
    }

    /// Names without directories of what is run: "pg_ctl".
    package static func names(in command: String) -> [String] {
        words(of: command).flatMap(program).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    }

    /// The program of a simple command; where that runs what its arguments name, these too: some are options and their values.
    private static func program(_ words: [String]) -> [String] {
        guard let first = words.first(where: { !isAssignment($0) }) else { return [] }
        let rest = words.drop { isAssignment($0) }.dropFirst()
        guard let name = first.split(separator: "/").last.map(String.init), runners.contains(name) else { return [first] }
        if let flag = rest.firstIndex(of: "-c"), flag + 1 < rest.endIndex {
            return [first] + self.words(of: rest[flag + 1]).flatMap(program)
        }
        // The first word that is no option is the program, or the value of one: then the next one is.
        let named = zip(rest, [""] + rest).filter { !$0.hasPrefix("-") && !withValue.contains($1) }.map(\.0)
        let paths = named.prefix { !$0.hasPrefix("/") } + named.drop { !$0.hasPrefix("/") }.prefix(1)
        return [first] + paths.filter { !isAssignment($0) }
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
        return word[..<equals].utf8.allSatisfy {
            $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        }
    }

    /// Simple commands as words without their quotes; words with `$` or backquotes are left out.
    private static func words(of command: String) -> [[String]] {
        var scanner = ShellWords()
        for character in command { scanner.take(character) }
        return scanner.end()
    }
}

/// Cuts a shell command into simple commands and words.
private struct ShellWords {
    private var commands: [[String]] = [[]]
    private var word = ""
    private var hasWord = false
    private var isDynamic = false
    private var quote: Character?
    private var isEscaped = false

    mutating func take(_ character: Character) {
        if isEscaped {
            isEscaped = false
            return add(character)
        }
        if let open = quote {
            if character == open {
                quote = nil
            } else if open == "\"", character == "\\" {
                isEscaped = true
            } else {
                if open == "\"", character == "$" || character == "`" { isDynamic = true }
                add(character)
            }
            return
        }
        switch character {
        case "\\": isEscaped = true
        case "'", "\"": (quote, hasWord) = (character, true)
        case " ", "\t": endWord()
        case ";", "&", "|", "\n", "(", ")", "<", ">":
            endWord()
            commands.append([])
        case "$", "`":
            isDynamic = true
            add(character)
        default: add(character)
        }
    }

    mutating func end() -> [[String]] {
        endWord()
        return commands.filter { !$0.isEmpty }
    }

    private mutating func add(_ character: Character) {
        word.append(character)
        hasWord = true
    }

    private mutating func endWord() {
        if hasWord, !isDynamic { commands[commands.count - 1].append(word) }
        (word, hasWord, isDynamic) = ("", false, false)
    }
}
