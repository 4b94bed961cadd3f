// Kernel interfaces that Swift cannot import as they stand: macros with arguments, ioctl numbers, variadic calls.
// Nothing here decides anything; each function is one system call and returns its result with errno set.
#ifndef CHOST_H
#define CHOST_H

#include <stdint.h>
#include <sys/types.h>

/// open(2) relative to `dirfd` with O_CLOEXEC added.
int holdfast_openat(int dirfd, const char *path, int flags, mode_t mode);
/// ioctl FICLONE (ioctl_ficlone(2)): `destination` becomes a reflink of `source`.
int holdfast_reflink(int destination, int source);
/// ioctl BTRFS_IOC_SNAP_CREATE_V2: a snapshot of the subvolume `source` named `name` in the directory `parent`.
int holdfast_btrfs_snapshot(int parent, int source, const char *name, int readonly);
/// ioctl BTRFS_IOC_SNAP_DESTROY: removes the subvolume `name` in the directory `parent`.
int holdfast_btrfs_remove(int parent, const char *name);
unsigned int holdfast_major(uint64_t device);
unsigned int holdfast_minor(uint64_t device);
uint64_t holdfast_makedev(unsigned int major, unsigned int minor);

#endif
