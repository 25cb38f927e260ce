/* sandbox_filter.c - the system calls that no test needs.
 *
 * A list of refusals and not of permissions: what runs here are JavaScript engines, compilers and
 * browsers, whose needs change with every release.  The filter closes the ways to new namespaces,
 * mounts and kernel parts with a history of holes; the rest is done by namespaces and users.
 */
#include "runtime/sandbox_priv.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILTER_BYTES_MAX (64 * 1024)
#define SEARCH_TREE      2 /* libseccomp: sort the calls into a binary tree */

static const int denied[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(adjtimex),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(finit_module),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fspick),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kcmp),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(move_mount),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace), /* one test could stop the runner above it, or write into it */
    SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname),
    SCMP_SYS(setns),
    SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vhangup),
};

static const unsigned namespaces[] = {
    CLONE_NEWCGROUP, CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
    CLONE_NEWPID,    CLONE_NEWUSER, CLONE_NEWUTS, 0x00000080 /* CLONE_NEWTIME */,
};

static int deny_arguments(scmp_filter_ctx filter)
{
    int failed = 0;
    const uint32_t no = SCMP_ACT_ERRNO(EPERM);
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
        failed |= seccomp_rule_add(filter, no, SCMP_SYS(clone), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
    }
    /* The flags of clone3 lie in memory, where a filter cannot look: libraries fall back to clone.
     */
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    /* Typing into a terminal that is not ours. */
    const uint64_t low = UINT32_MAX;
    failed |=
        seccomp_rule_add(filter, no, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, low, TIOCSTI));
    failed |= seccomp_rule_add(filter, no, SCMP_SYS(ioctl), 1,
                               SCMP_A1(SCMP_CMP_MASKED_EQ, low, TIOCLINUX));
    /* Of the address families only those that tests use: old ones are full of holes. */
    for (unsigned family = 0; family <= AF_NETLINK; family++) {
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK) {
            failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                       SCMP_A0(SCMP_CMP_EQ, family, 0));
        }
    }
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
    return failed;
}

static enum err export_code(scmp_filter_ctx filter, struct sock_fprog *ret_filter)
{
    enum err err = ERR_IO;
    struct sock_filter *code = NULL;
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0 || seccomp_export_bpf(filter, fd) != 0) {
        goto out;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    if (size <= 0 || size > FILTER_BYTES_MAX || size % (off_t)sizeof *code != 0) {
        goto out;
    }
    code = malloc((size_t)size);
    if (!code) {
        err = ERR_MEMORY;
        goto out;
    }
    if (pread(fd, code, (size_t)size, 0) == size) {
        ret_filter->len = (unsigned short)((size_t)size / sizeof *code);
        ret_filter->filter = code;
        code = NULL;
        err = ERR_OK;
    }
out:
    free(code);
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

enum err sandbox_filter_new(struct sock_fprog *ret_filter)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) {
        return ERR_MEMORY;
    }
    /* Calls of another word size would slip through the numbers above. */
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    failed |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, SEARCH_TREE);
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        if (denied[i] >= 0) { /* negative: this architecture does not have it */
            failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
        }
    }
    failed |= deny_arguments(filter);
    enum err err = failed ? ERR_IO : export_code(filter, ret_filter);
    seccomp_release(filter);
    return err;
}
