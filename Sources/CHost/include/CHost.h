// Kernel interfaces that Swift cannot import as they stand: macros with arguments, ioctl numbers, variadic calls.
// Nothing here decides anything; each function is one system call and returns its result with errno set. The one exception is
// holdfast_spawn_contained: what a child does between clone(2) and execve(2) cannot be written in Swift.
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
/// ioctl BTRFS_IOC_FS_INFO: the 16 bytes of the file system's id, the same for all its subvolumes and mounts.
int holdfast_btrfs_id(int fd, unsigned char id[16]);
/// ioctl BTRFS_IOC_GET_SUBVOL_ROOTREF: how many subvolumes lie directly in the subvolume of `fd` (255: that many or more).
int holdfast_btrfs_children(int fd);
/// ioctl BTRFS_IOC_SNAP_DESTROY: removes the subvolume `name` in the directory `parent`.
int holdfast_btrfs_remove(int parent, const char *name);
/// ioctl FS_IOC_GETFLAGS (ioctl_iflags(2)): the flags that chattr(1) sets; -1 with ENOTTY or EOPNOTSUPP where there are none.
int64_t holdfast_inode_flags(int fd);
/// ioctl FS_IOC_SETFLAGS.
int holdfast_set_inode_flags(int fd, uint32_t flags);
/// statx(2) attributes of the entry (or with an empty name the descriptor itself), which is not followed; only bits of `known` mean something.
int holdfast_statx_attributes(int dirfd, const char *name, uint64_t *attributes, uint64_t *known);
unsigned int holdfast_major(uint64_t device);
unsigned int holdfast_minor(uint64_t device);
uint64_t holdfast_makedev(unsigned int major, unsigned int minor);

/// openat2(2) of a directory for reading with RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS: EXDEV when something is mounted there.
int holdfast_open_unmounted(int dirfd, const char *name);
/// getdents64(2): linux_dirent64 records, at most `size` bytes of them; 0 at the end.
ssize_t holdfast_getdents(int fd, void *buffer, size_t size);
/// renameat2(2) with RENAME_NOREPLACE.
int holdfast_rename_noreplace(int olddir, const char *oldname, int newdir, const char *newname);
/// renameat2(2) with RENAME_EXCHANGE.
int holdfast_rename_exchange(int olddir, const char *oldname, int newdir, const char *newname);
/// fallocate(2) with mode 0: reserves blocks and extends the file.
int holdfast_allocate(int fd, int64_t offset, int64_t length);
/// fallocate(2) with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE.
int holdfast_punch_hole(int fd, int64_t offset, int64_t length);
/// lseek(2) with SEEK_DATA or SEEK_HOLE.
int64_t holdfast_seek_data(int fd, int64_t offset);
int64_t holdfast_seek_hole(int fd, int64_t offset);
/// getrandom(2) without flags.
ssize_t holdfast_random(void *buffer, size_t size);
/// ioctl XFS_IOC_FSGEOMETRY_V1: the 16 bytes of an XFS's UUID.
int holdfast_xfs_id(int fd, unsigned char id[16]);
/// The file system's id (statfs(2) f_fsid), 0 when there is none.
uint64_t holdfast_file_system_id(int fd);
/// The file system's magic number (statfs(2) f_type), or -1.
int64_t holdfast_file_system_magic(int fd);
/// Processors that this process may run on (sched_getaffinity(2)), or -1.
int holdfast_processors(void);
/// pthread_setname_np(3) on the calling thread; `name` has at most 15 bytes.
int holdfast_name_thread(const char *name);
/// accept4(2) with SOCK_CLOEXEC; who connected is not asked.
int holdfast_accept(int fd);
/// eventfd(2), not blocking, with O_CLOEXEC.
int holdfast_event_descriptor(void);
/// It can be read from, from now on. Nothing for a negative one.
void holdfast_raise_event(int fd);
/// pipe2(2) with O_CLOEXEC.
int holdfast_pipe(int ends[2]);
/// fcntl(2) F_GETFD: 1 when the descriptor is open, otherwise 0.
int holdfast_is_open(int fd);
/// fcntl(2) F_SETFL with O_NONBLOCK added.
int holdfast_set_nonblocking(int fd);
/// fcntl(2) F_SETFL with O_DIRECT added (`on` not 0) or removed.
int holdfast_set_direct(int fd, int on);
/// memfd_create(2) with MFD_CLOEXEC.
int holdfast_memory_file(const char *name);
/// pidfd_open(2): readable for poll(2) when the process has ended.
int holdfast_process_descriptor(pid_t pid);
/// A posix_spawn(3) file action that changes the working directory; a posix_spawn_file_actions_t behind `actions`.
int holdfast_spawn_chdir(void *actions, const char *path);
/// A posix_spawn(3) file action that closes all descriptors from `first` on.
int holdfast_spawn_close_from(void *actions, int first);
/// The value of POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK.
extern const short holdfast_spawn_flags;

/// How much a child is shut in.
enum {
    HOLDFAST_NAMESPACES_NONE,
    /// Mount, process, network, IPC and UTS namespaces of its own (namespaces(7)).
    HOLDFAST_NAMESPACES_AS_ROOT,
    /// The same in a user namespace, which needs no rights where the kernel allows it.
    HOLDFAST_NAMESPACES_OF_USER,
};
/// The number of the first of the two directories that a child holds; the second has the one below.
enum { HOLDFAST_FIRST_HELD = 9 };
/// Where a child failed.
enum {
    HOLDFAST_STEP_NAMESPACES,
    HOLDFAST_STEP_STREAMS,
    HOLDFAST_STEP_USER,
    HOLDFAST_STEP_VIEW,
    HOLDFAST_STEP_RIGHTS,
    HOLDFAST_STEP_PROGRAM,
};
/// What stands at a place of a child's own file tree: what `source` is on the host, a symbolic link to it, a file with that text, or memory (tmpfs) with
/// these options.
enum { HOLDFAST_ENTRY_BIND, HOLDFAST_ENTRY_LINK, HOLDFAST_ENTRY_FILE, HOLDFAST_ENTRY_MEMORY };
enum { HOLDFAST_WRITABLE = 1, HOLDFAST_DEVICE = 2, HOLDFAST_OPTIONAL = 4 };
struct holdfast_entry {
    int kind;
    int flags;
    const char *source;
    /// Without the slash that it begins with.
    const char *target;
};
struct holdfast_containment {
    int namespaces;
    /// `uid` and `gid` are to be taken on, which only root may.
    int changes_user;
    uid_t uid;
    gid_t gid;
    /// For a user namespace: the lines of its maps (user_namespaces(7)).
    const char *uid_map;
    const char *gid_map;
    /// Of the host, opened as HOLDFAST_FIRST_HELD and below; may be null.
    const char *held[2];
    const struct holdfast_entry *entries;
    int count;
    /// When the thread that called ends.
    int death_signal;
};
/// A child that has shut itself in, lost all rights (empty capability sets, no_new_privs), and runs the program `arguments[0]`, which is absolute. -1 with
/// errno, and where it failed in `step`. It leads a session of its own.
pid_t holdfast_spawn_contained(
    char *const arguments[], char *const environment[], int input, int output, int errors, const struct holdfast_containment *wanted, int *step);

ssize_t holdfast_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t holdfast_flistxattr(int fd, char *list, size_t size);
int holdfast_fsetxattr(int fd, const char *name, const void *value, size_t size);
int holdfast_fremovexattr(int fd, const char *name);
/// The four calls that do not follow a symlink in the last component of `path`.
ssize_t holdfast_lgetxattr(const char *path, const char *name, void *value, size_t size);
ssize_t holdfast_llistxattr(const char *path, char *list, size_t size);
int holdfast_lsetxattr(const char *path, const char *name, const void *value, size_t size);
int holdfast_lremovexattr(const char *path, const char *name);

/// The values of O_PATH, O_TMPFILE and O_NOATIME.
extern const int holdfast_o_path;
extern const int holdfast_o_tmpfile;
extern const int holdfast_o_noatime;
/// fcntl(2) F_DUPFD_CLOEXEC.
int holdfast_duplicate(int fd);

/// syncfs(2): everything written to the file system of `fd` is durable; reports write errors since it was opened.
int holdfast_syncfs(int fd);
/// The id of the mount that the entry (or with an empty name the descriptor itself) lies in (statx(2), Linux 5.8); 0 when the kernel does
/// not tell, -1 on error. A server that does not answer is not asked.
int64_t holdfast_mount_id(int dirfd, const char *name);
/// statx(2) of an entry (or with an empty name of the descriptor itself), which is not followed when it is a symlink and mounts nothing when it is an
/// automount point: a struct stat behind `status`, the STATX_ATTR flags that are set, and the id of its mount (0 when the kernel does not tell).
int holdfast_entry_status(int dirfd, const char *name, void *status, uint64_t *attributes, int64_t *mount);
/// ioctl BTRFS_IOC_SUBVOL_GETFLAGS: 1 when the subvolume of which `fd` is the root may not be written to, 0 when it may, -1 on error.
int holdfast_btrfs_is_read_only(int fd);
/// ioctl BTRFS_IOC_GET_SUBVOL_ROOTREF and BTRFS_IOC_INO_LOOKUP_USER: the path, relative to `fd`, of the subvolume that is number `index` among those
/// directly in the subvolume of which `fd` is the root. 0, or -1 with ERANGE when there are fewer.
int holdfast_btrfs_child(int fd, int index, char *path, size_t size);

#endif
