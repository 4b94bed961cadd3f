#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

int holdfast_openat(int dirfd, const char *path, int flags, mode_t mode) {
    return openat(dirfd, path, flags | O_CLOEXEC, mode);
}

int holdfast_reflink(int destination, int source) { return ioctl(destination, FICLONE, source); }

int holdfast_btrfs_snapshot(int parent, int source, const char *name, int readonly) {
    struct btrfs_ioctl_vol_args_v2 arguments;
    memset(&arguments, 0, sizeof arguments);
    if (strlen(name) > BTRFS_SUBVOL_NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(arguments.name, name);
    arguments.fd = source;
    if (readonly) arguments.flags |= BTRFS_SUBVOL_RDONLY;
    return ioctl(parent, BTRFS_IOC_SNAP_CREATE_V2, &arguments);
}

int holdfast_btrfs_remove(int parent, const char *name) {
    struct btrfs_ioctl_vol_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (strlen(name) > BTRFS_PATH_NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(arguments.name, name);
    return ioctl(parent, BTRFS_IOC_SNAP_DESTROY, &arguments);
}

unsigned int holdfast_major(uint64_t device) { return major(device); }
unsigned int holdfast_minor(uint64_t device) { return minor(device); }
uint64_t holdfast_makedev(unsigned int major_, unsigned int minor_) { return makedev(major_, minor_); }
