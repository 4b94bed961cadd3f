/// Names that disk boxes, desktops, file systems and programs leave in every directory of a share without anybody meaning anything by them.
package enum Litter {
    private static let names: Set = [
        // File systems and snapshots of disk boxes.
        "lost+found", ".snapshot", ".snapshots", ".zfs", ".ckpt", "~snapshot", "#snapshot", "@Recently-Snapshot",
        // Indexes and rubbish of disk boxes and desktops.
        "@eaDir", "@Recycle", "@tmp", "#recycle", ".@__thumb", ".recycle", ".Recycle.bin", "$RECYCLE.BIN", "System Volume Information",
        "Thumbs.db", "thumbs.db", "desktop.ini", ".DS_Store", ".AppleDouble", ".AppleDB", ".AppleDesktop", ".TemporaryItems",
        ".Spotlight-V100", ".fseventsd", ".directory", ".stfolder", ".stversions",
    ]
    private static let beginnings = [
        ".Trash", "._", ".nfs", ".fuse_hidden", ".smbdelete", ".goutputstream-", ".syncthing.", ".rsync", ".#", "~$",
    ]
    /// Unfinished copies and what editors leave.
    private static let ends = ["~", ".swp", ".swo", ".partial", ".part", ".tmp", ".bak", ".orig", ".filepart", ".crdownload"]

    package static func isOne(_ name: String) -> Bool {
        names.contains(name) || beginnings.contains { name.hasPrefix($0) } || ends.contains { name.hasSuffix($0) }
    }
}
