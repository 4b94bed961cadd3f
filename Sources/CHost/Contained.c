// What a child does between clone(2) and execve(2) to shut itself in. Only system calls: the child of a process with threads must not take locks.
#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT 10
#define FIRST_SOURCE 11
#define MOST_ENTRIES 64

static void give_up(int step) {
    int words[2] = {step, errno};
    if (write(REPORT, words, sizeof words) < 0) _exit(126);
    _exit(127);
}

static void need(int result, int step) {
    if (result < 0) give_up(step);
}

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return -1;
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);
    close(fd);
    return written == (ssize_t)length ? 0 : -1;
}

// The signals of the parent, its descriptors and its terminal stay behind.
static void leave_behind(int input, int output, int errors, int report) {
    for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    // None of the four is one of the numbers that it gets: standard streams are always open, and descriptors are given from the lowest number on.
    int streams[4] = {input, output, errors, report};
    for (int index = 0; index < 4; index++) streams[index] = fcntl(streams[index], F_DUPFD, FIRST_SOURCE + MOST_ENTRIES);
    if (streams[3] < 0 || dup3(streams[3], REPORT, O_CLOEXEC) < 0) _exit(126);
    for (int index = 0; index < 3; index++) need(dup2(streams[index], index), HOLDFAST_STEP_STREAMS);
    syscall(SYS_close_range, 3, REPORT - 1, 0);
    syscall(SYS_close_range, REPORT + 1, ~0U, 0);
}

static void make_parents(char *path) {
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
}

static int restrict_mount(const char *target, int flags) {
    // mount_setattr(2), which also reaches what is mounted below: Linux 5.12.
    struct { uint64_t set, clear, propagation, userns; } attributes = {0, 0, 0, 0};
    attributes.set = 0x2;                                         // MOUNT_ATTR_NOSUID
    if (!(flags & HOLDFAST_WRITABLE)) attributes.set |= 0x1;      // MOUNT_ATTR_RDONLY
    if (!(flags & HOLDFAST_DEVICE)) attributes.set |= 0x4;        // MOUNT_ATTR_NODEV
    if (flags & HOLDFAST_WRITABLE) attributes.set |= 0x8;         // MOUNT_ATTR_NOEXEC
    if (syscall(442, AT_FDCWD, target, AT_RECURSIVE, &attributes, sizeof attributes) == 0) return 0;
    if (errno != ENOSYS && errno != EINVAL) return -1;
    struct statvfs there;
    if (statvfs(target, &there) < 0) return -1;
    unsigned long kept = there.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RDONLY);
    return mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | kept | attributes.set, NULL);
}

static void place(const struct holdfast_entry *entry, int source) {
    char path[4096];
    if (strlen(entry->target) >= sizeof path) {
        errno = ENAMETOOLONG;
        give_up(HOLDFAST_STEP_VIEW);
    }
    strcpy(path, entry->target);
    make_parents(path);
    switch (entry->kind) {
    case HOLDFAST_ENTRY_LINK: need(symlink(entry->source, path), HOLDFAST_STEP_VIEW); return;
    case HOLDFAST_ENTRY_FILE: need(write_file(path, entry->source), HOLDFAST_STEP_VIEW); return;
    case HOLDFAST_ENTRY_MEMORY:
        mkdir(path, 0755);
        need(mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, entry->source), HOLDFAST_STEP_VIEW);
        return;
    default: break;
    }
    if (source < 0) return;
    struct stat status;
    need(fstat(source, &status), HOLDFAST_STEP_VIEW);
    if (S_ISDIR(status.st_mode)) {
        mkdir(path, 0755);
    } else {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        need(fd, HOLDFAST_STEP_VIEW);
        close(fd);
    }
    char name[] = "/proc/self/fd/000";
    for (int index = 16, rest = source; index > 13; index--, rest /= 10) name[index] = (char)('0' + rest % 10);
    char *digits = name + 14;
    while (*digits == '0' && digits[1]) memmove(digits, digits + 1, strlen(digits));
    need(mount(name, path, NULL, MS_BIND | MS_REC, NULL), HOLDFAST_STEP_VIEW);
    need(restrict_mount(path, entry->flags), HOLDFAST_STEP_VIEW);
}

// A root of our own in memory, with what is listed and nothing else.
static void change_view(const struct holdfast_containment *wanted) {
    need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), HOLDFAST_STEP_VIEW);
    int sources[MOST_ENTRIES];
    // In this namespace, before anything is hidden.
    for (int index = 0; index < wanted->count; index++) {
        const struct holdfast_entry *entry = &wanted->entries[index];
        sources[index] = -1;
        if (entry->kind != HOLDFAST_ENTRY_BIND) continue;
        sources[index] = open(entry->source, O_PATH | O_CLOEXEC);
        if (sources[index] < 0 && !(entry->flags & HOLDFAST_OPTIONAL)) give_up(HOLDFAST_STEP_VIEW);
    }
    need(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m"), HOLDFAST_STEP_VIEW);
    need(chdir("/tmp"), HOLDFAST_STEP_VIEW);
    for (int index = 0; index < wanted->count; index++) place(&wanted->entries[index], sources[index]);
    need((int)syscall(SYS_pivot_root, ".", "."), HOLDFAST_STEP_VIEW);
    need(umount2(".", MNT_DETACH), HOLDFAST_STEP_VIEW);
    need(chdir("/"), HOLDFAST_STEP_VIEW);
    need(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL), HOLDFAST_STEP_VIEW);
    for (int index = 0; index < wanted->count; index++) {
        if (sources[index] >= 0) close(sources[index]);
    }
    sethostname("scratch", 7);
}

static void raise_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
}

static void limit(int resource, rlim_t most) {
    struct rlimit limits = {most, most};
    setrlimit(resource, &limits);
}

// By the kernel's calls: those of the C library change all threads that they know of, and wait for a lock that a thread of the parent may have held.
static void change_groups(gid_t gid) {
    need((int)syscall(SYS_setgroups, 0, NULL), HOLDFAST_STEP_RIGHTS);
    need((int)syscall(SYS_setresgid, gid, gid, gid), HOLDFAST_STEP_RIGHTS);
}

static void change_user(uid_t uid) { need((int)syscall(SYS_setresuid, uid, uid, uid), HOLDFAST_STEP_RIGHTS); }

static void drop_rights(const struct holdfast_containment *wanted) {
    limit(RLIMIT_CORE, 0);
    if (wanted->changes_user) {
        limit(RLIMIT_NPROC, 4096);
        change_groups(wanted->gid);
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    // Where it may not be dropped it has no use: no_new_privs comes below.
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (wanted->changes_user) change_user(wanted->uid);
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), HOLDFAST_STEP_RIGHTS);
    // Last: a change of the user takes it away.
    need(prctl(PR_SET_PDEATHSIG, wanted->death_signal, 0, 0, 0), HOLDFAST_STEP_RIGHTS);
}

static void become(char *const arguments[], char *const environment[], const struct holdfast_containment *wanted) {
    umask(077);
    if (wanted->namespaces == HOLDFAST_NAMESPACES_OF_USER) {
        need(write_file("/proc/self/setgroups", "deny"), HOLDFAST_STEP_USER);
        need(write_file("/proc/self/uid_map", wanted->uid_map), HOLDFAST_STEP_USER);
        need(write_file("/proc/self/gid_map", wanted->gid_map), HOLDFAST_STEP_USER);
    }
    // Directories that nobody else may enter by their path.
    for (int index = 0; index < 2; index++) {
        if (!wanted->held[index]) continue;
        int fd = open(wanted->held[index], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        need(fd, HOLDFAST_STEP_VIEW);
        need(dup2(fd, HOLDFAST_FIRST_HELD - index), HOLDFAST_STEP_VIEW);
        close(fd);
    }
    if (wanted->namespaces != HOLDFAST_NAMESPACES_NONE) {
        umask(022);
        change_view(wanted);
        raise_loopback();
        umask(077);
    }
    drop_rights(wanted);
    execve(arguments[0], arguments, environment);
    give_up(HOLDFAST_STEP_PROGRAM);
}

pid_t holdfast_spawn_contained(
    char *const arguments[], char *const environment[], int input, int output, int errors,
    const struct holdfast_containment *wanted, int *step) {
    int report[2];
    *step = HOLDFAST_STEP_NAMESPACES;
    if (wanted->count > MOST_ENTRIES) {
        errno = E2BIG;
        return -1;
    }
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    unsigned long flags = SIGCHLD;
    if (wanted->namespaces != HOLDFAST_NAMESPACES_NONE) flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    if (wanted->namespaces == HOLDFAST_NAMESPACES_OF_USER) flags |= CLONE_NEWUSER;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (child == 0) {
        leave_behind(input, output, errors, report[1]);
        become(arguments, environment, wanted);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child > 0) {
        int words[2];
        ssize_t count;
        do count = read(report[0], words, sizeof words);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof words) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
            *step = words[0];
            error = words[1];
            child = -1;
        }
    }
    close(report[0]);
    errno = error;
    return child;
}
