#include <libpq-fe.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The calling thread alone: the functions of the C library change all of a process. A root that it stays beneath lets it come back. */
static inline int holdfast_act_as(uid_t uid, gid_t gid) {
    if (uid == 0 && syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) != 0) return -1;
    if (syscall(SYS_setresgid, (gid_t)-1, gid, (gid_t)-1) != 0) return -1;
    if (uid != 0 && syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) != 0) {
        syscall(SYS_setresgid, (gid_t)-1, (gid_t)0, (gid_t)-1);
        return -1;
    }
    return 0;
}
