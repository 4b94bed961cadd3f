import CHost
import Glibc

/// File systems of which the kernel makes up the entries. They hold nothing of anybody's, have files of any size that nothing fills, and cannot
/// be restored into.
package enum KernelFileSystem {
    /// The type of one with this magic number (statfs(2)); nil for every other.
    package static func name(magic: Int64) -> String? { names[UInt32(truncatingIfNeeded: magic)] }

    /// Whether the kernel names one of them so in `/proc/self/mountinfo`. A devtmpfs has the magic number of a tmpfs.
    package static func isNamed(_ kind: String) -> Bool { kind == "devtmpfs" || names.values.contains(kind) }

    /// linux/magic.h, and the file systems' own sources.
    private static let names: [UInt32: String] = [
        0x0000_9FA0: "proc", 0x6265_6572: "sysfs", 0x0027_E0EB: "cgroup", 0x6367_7270: "cgroup2", 0x0000_1CD1: "devpts",
        0x7472_6163: "tracefs", 0x6462_6720: "debugfs", 0x7363_6673: "securityfs", 0x6165_676C: "pstore", 0xCAFE_4A11: "bpf",
        0x6265_6570: "configfs", 0x1980_0202: "mqueue", 0x9584_58F6: "hugetlbfs", 0x4249_4E4D: "binfmt_misc", 0xDE5E_81E4: "efivarfs",
        0x6573_5543: "fusectl", 0xF97C_FF8C: "selinuxfs", 0x4341_5D53: "smackfs", 0x5A3C_69F0: "apparmorfs", 0x6759_6969: "rpc_pipefs",
        0x6E66_7364: "nfsd", 0x0000_0187: "autofs", 0x6E73_6673: "nsfs", 0x0765_5821: "resctrl", 0x6C6F_6F70: "binder",
        0xABBA_1974: "xenfs", 0x0000_9FA1: "openpromfs", 0x0000_9FA2: "usbdevfs",
    ]
}
