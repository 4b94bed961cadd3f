#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <dirent.h>
#include <unistd.h>

const int holdfast_o_path = O_PATH;
const int holdfast_o_tmpfile = O_TMPFILE;
const int holdfast_o_noatime = O_NOATIME;

int holdfast_openat(int dirfd, const char *path, int flags, mode_t mode) {
    return openat(dirfd, path, flags | O_CLOEXEC, mode);
}

int holdfast_reflink(int destination, int source) { return ioctl(destination, FICLONE, source); }

int64_t holdfast_inode_flags(int fd) {
    // The kernel writes an int, whatever the macro says.
    long flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) return -1;
    return (int64_t)(uint32_t)flags;
}

int holdfast_set_inode_flags(int fd, uint32_t flags) {
    long wanted = (long)flags;
    return ioctl(fd, FS_IOC_SETFLAGS, &wanted);
}

int holdfast_statx_attributes(int dirfd, const char *name, uint64_t *attributes, uint64_t *known) {
    struct statx status;
    if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH, STATX_TYPE, &status) < 0) return -1;
    *attributes = status.stx_attributes;
    *known = status.stx_attributes_mask;
    return 0;
}

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

int holdfast_btrfs_id(int fd, unsigned char id[16]) {
    struct btrfs_ioctl_fs_info_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (ioctl(fd, BTRFS_IOC_FS_INFO, &arguments) < 0) return -1;
    memcpy(id, arguments.fsid, 16);
    return 0;
}

int holdfast_btrfs_children(int fd) {
    struct btrfs_ioctl_get_subvol_rootref_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &arguments) < 0 && errno != EOVERFLOW) return -1;
    return arguments.num_items;
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

int holdfast_open_unmounted(int dirfd, const char *name) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof how);
}

ssize_t holdfast_getdents(int fd, void *buffer, size_t size) { return getdents64(fd, buffer, size); }

int holdfast_rename_noreplace(int olddir, const char *oldname, int newdir, const char *newname) {
    return renameat2(olddir, oldname, newdir, newname, RENAME_NOREPLACE);
}
int holdfast_rename_exchange(int olddir, const char *oldname, int newdir, const char *newname) {
    return renameat2(olddir, oldname, newdir, newname, RENAME_EXCHANGE);
}

int holdfast_allocate(int fd, int64_t offset, int64_t length) { return fallocate(fd, 0, offset, length); }
int holdfast_punch_hole(int fd, int64_t offset, int64_t length) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
int64_t holdfast_seek_data(int fd, int64_t offset) { return lseek(fd, offset, SEEK_DATA); }
int64_t holdfast_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, SEEK_HOLE); }

ssize_t holdfast_random(void *buffer, size_t size) { return getrandom(buffer, size, 0); }

// xfs_fsop_geom_v1 of xfs_fs.h, which is no part of the kernel's headers.
struct holdfast_xfs_geometry {
    uint32_t sizes[8];
    uint64_t counts[4];
    unsigned char uuid[16];
    uint32_t more[7];
};

int holdfast_xfs_id(int fd, unsigned char id[16]) {
    struct holdfast_xfs_geometry geometry;
    memset(&geometry, 0, sizeof geometry);
    if (ioctl(fd, _IOR('X', 100, struct holdfast_xfs_geometry), &geometry) < 0) return -1;
    memcpy(id, geometry.uuid, 16);
    return 0;
}

uint64_t holdfast_file_system_id(int fd) {
    struct statfs status;
    uint64_t id = 0;
    if (fstatfs(fd, &status) < 0) return 0;
    memcpy(&id, &status.f_fsid, sizeof id);
    return id;
}

int64_t holdfast_file_system_magic(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 ? (int64_t)(unsigned int)status.f_type : -1;
}

int holdfast_processors(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

int holdfast_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

int holdfast_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC); }
int holdfast_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
void holdfast_raise_event(int fd) {
    if (fd >= 0) eventfd_write(fd, 1);
}
int holdfast_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int holdfast_is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

int holdfast_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int holdfast_set_direct(int fd, int on) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

ssize_t holdfast_fgetxattr(int fd, const char *name, void *value, size_t size) { return fgetxattr(fd, name, value, size); }
ssize_t holdfast_flistxattr(int fd, char *list, size_t size) { return flistxattr(fd, list, size); }
int holdfast_fsetxattr(int fd, const char *name, const void *value, size_t size) { return fsetxattr(fd, name, value, size, 0); }
int holdfast_fremovexattr(int fd, const char *name) { return fremovexattr(fd, name); }
ssize_t holdfast_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}
ssize_t holdfast_llistxattr(const char *path, char *list, size_t size) { return llistxattr(path, list, size); }
int holdfast_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}
int holdfast_lremovexattr(const char *path, const char *name) { return lremovexattr(path, name); }

int holdfast_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

const short holdfast_spawn_flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
int holdfast_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int holdfast_process_descriptor(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int holdfast_spawn_chdir(void *actions, const char *path) { return posix_spawn_file_actions_addchdir_np(actions, path); }
int holdfast_spawn_close_from(void *actions, int first) { return posix_spawn_file_actions_addclosefrom_np(actions, first); }
int holdfast_syncfs(int fd) { return syncfs(fd); }

int64_t holdfast_mount_id(int dirfd, const char *name) {
    struct statx status;
    int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    if (statx(dirfd, name, flags, STATX_MNT_ID, &status) != 0) return -1;
    return (status.stx_mask & STATX_MNT_ID) ? (int64_t)status.stx_mnt_id : 0;
}

static struct timespec moment(struct statx_timestamp time) {
    return (struct timespec){.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec};
}

int holdfast_entry_status(int dirfd, const char *name, void *status, uint64_t *attributes, int64_t *mount) {
    struct statx x;
    struct stat *to = status;
    *attributes = 0;
    *mount = 0;
    if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, &x) != 0) {
        // Containers forbid calls that they do not know.
        if (errno != ENOSYS && errno != EPERM) return -1;
        return fstatat(dirfd, name, to, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT);
    }
    memset(to, 0, sizeof *to);
    to->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
    to->st_ino = x.stx_ino;
    to->st_mode = x.stx_mode;
    to->st_nlink = x.stx_nlink;
    to->st_uid = x.stx_uid;
    to->st_gid = x.stx_gid;
    to->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
    to->st_size = (off_t)x.stx_size;
    to->st_blksize = x.stx_blksize;
    to->st_blocks = (blkcnt_t)x.stx_blocks;
    to->st_atim = moment(x.stx_atime);
    to->st_mtim = moment(x.stx_mtime);
    to->st_ctim = moment(x.stx_ctime);
    *attributes = x.stx_attributes & x.stx_attributes_mask;
    if (x.stx_mask & STATX_MNT_ID) *mount = (int64_t)x.stx_mnt_id;
    return 0;
}

int holdfast_btrfs_is_read_only(int fd) {
    __u64 flags = 0;
    if (ioctl(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0) return -1;
    return (flags & BTRFS_SUBVOL_RDONLY) ? 1 : 0;
}

int holdfast_btrfs_child(int fd, int index, char *path, size_t size) {
    struct btrfs_ioctl_get_subvol_rootref_args found;
    memset(&found, 0, sizeof found);
    if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &found) < 0 && errno != EOVERFLOW) return -1;
    if (index < 0 || index >= found.num_items) {
        errno = ERANGE;
        return -1;
    }
    struct btrfs_ioctl_ino_lookup_user_args name;
    memset(&name, 0, sizeof name);
    name.dirid = found.rootref[index].dirid;
    name.treeid = found.rootref[index].treeid;
    if (ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, &name) < 0) return -1;
    if (strlen(name.path) + strlen(name.name) + 1 > size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(path, name.path);
    strcat(path, name.name);
    return 0;
}
