import Glibc

/// nil when the variable is unset or empty.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name), value[0] != 0 else { return nil }
    return String(cString: value)
}

/// Whether the tests may mount file systems.
package var isRoot: Bool { geteuid() == 0 }
