import HostIO

/// The path of a program, by its name on the PATH or by a path; nil when it is not there.
package func find(_ program: String) -> String? {
    let folders = (environmentValue("PATH") ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
    let candidates = program.hasPrefix("/") ? [program] : folders.map { Path.join($0, program) }
    return candidates.first { (try? statusOfPath($0))?.map { $0.permissions & 0o111 != 0 } ?? false }
}

/// For `.enabled(if:)`; says on standard output which Debian package has the program when it is not there, so that a skipped test has a
/// reason.
package func isInstalled(_ program: String, package: String) -> Bool {
    if find(program) != nil { return true }
    print("skipped, since \(program) is not installed: apt-get install \(package)")
    return false
}
