#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "server/sandbox_parts.h"

#define CALL(name) SCMP_SYS(name)

/* Allowed with any argument: what the suites were seen to need, and what the C
   library, libuv, SQLite and libsodium call besides. */
// clang-format off
static const int always[] = {
    /* time, chance, identity */
    CALL(clock_getres), CALL(clock_gettime), CALL(clock_nanosleep),
    CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getpid), CALL(getppid),
    CALL(getrandom), CALL(getrusage), CALL(gettid), CALL(gettimeofday),
    CALL(getuid), CALL(nanosleep), CALL(sysinfo), CALL(time), CALL(times),
    CALL(uname),
    /* memory */
    CALL(brk), CALL(madvise), CALL(mincore), CALL(mlock), CALL(mlock2),
    CALL(mremap), CALL(msync), CALL(munlock), CALL(munmap),
    /* threads and signals */
    CALL(exit), CALL(exit_group), CALL(futex), CALL(get_robust_list),
    CALL(getcpu), CALL(getpriority), CALL(membarrier), CALL(restart_syscall),
    CALL(rseq), CALL(rt_sigaction), CALL(rt_sigpending), CALL(rt_sigprocmask),
    CALL(rt_sigreturn), CALL(rt_sigsuspend), CALL(rt_sigtimedwait),
    CALL(sched_getaffinity), CALL(sched_getparam), CALL(sched_getscheduler),
    CALL(sched_yield), CALL(set_robust_list), CALL(setpriority),
    CALL(sigaltstack), CALL(wait4), CALL(waitid),
    /* loops */
    CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_pwait),
    CALL(epoll_pwait2), CALL(epoll_wait), CALL(eventfd2), CALL(pipe2),
    CALL(poll), CALL(ppoll), CALL(pselect6), CALL(select),
    CALL(timerfd_create), CALL(timerfd_settime),
    /* sockets that are open already */
    CALL(accept4), CALL(getpeername), CALL(getsockname), CALL(getsockopt),
    CALL(listen), CALL(recvfrom), CALL(recvmmsg), CALL(recvmsg),
    CALL(sendmmsg), CALL(sendmsg), CALL(sendto), CALL(setsockopt),
    CALL(shutdown),
    /* descriptors and files; which files is Landlock's business */
    CALL(access), CALL(close), CALL(close_range), CALL(dup), CALL(dup2),
    CALL(dup3), CALL(faccessat), CALL(faccessat2), CALL(fallocate),
    CALL(fchmod), CALL(fchown), CALL(fcntl), CALL(fdatasync), CALL(fstat),
    CALL(fstatfs), CALL(fsync), CALL(ftruncate), CALL(getcwd),
    CALL(getdents64), CALL(lseek),
    CALL(lstat), CALL(newfstatat), CALL(open), CALL(openat), CALL(pread64),
    CALL(pwrite64), CALL(read), CALL(readlink), CALL(readlinkat), CALL(readv),
    CALL(stat), CALL(statfs), CALL(statx), CALL(unlink), CALL(unlinkat),
    CALL(write), CALL(writev),
};

/* Nothing of ours and no library tries these, not even to see. */
static const int deadly[] = {
    CALL(add_key), CALL(bpf), CALL(chroot), CALL(delete_module),
    CALL(execve), CALL(execveat), CALL(finit_module), CALL(fork),
    CALL(init_module), CALL(kexec_load), CALL(keyctl), CALL(mount),
    CALL(open_by_handle_at), CALL(perf_event_open), CALL(pivot_root),
    CALL(process_vm_readv), CALL(process_vm_writev), CALL(ptrace),
    CALL(reboot), CALL(request_key), CALL(setns), CALL(swapon),
    CALL(umount2), CALL(unshare), CALL(userfaultfd), CALL(vfork),
};
// clang-format on

/* Families that a database's address may need; NETLINK lists our own ones. */
static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static bool add_list(scmp_filter_ctx filter, uint32_t action, const int *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, action, list[i], 0) != 0)
            return false;
    return true;
}

static bool allow_if(scmp_filter_ctx filter, int call,
                     const struct scmp_arg_cmp condition)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1,
                                  &condition) == 0;
}

/* Threads, but no processes. The C library tries clone3 first, whose flags a
   filter cannot see: it hears that there is none. */
static bool add_threads(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp process =
        SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);

    return allow_if(
               filter, CALL(clone),
               SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) &&
           seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, CALL(clone), 1,
                                  &process) == 0;
}

/* Signals to ourselves only: an assertion that fails, a test's kill. */
static bool add_signals(scmp_filter_ctx filter)
{
    const scmp_datum_t own = (scmp_datum_t)getpid();

    return allow_if(filter, CALL(kill), SCMP_A0_64(SCMP_CMP_EQ, own, 0)) &&
           allow_if(filter, CALL(tgkill), SCMP_A0_64(SCMP_CMP_EQ, own, 0));
}

/* Memory that is never code. */
static bool add_memory(scmp_filter_ctx filter)
{
    return allow_if(filter, CALL(mmap),
                    SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
           allow_if(filter, CALL(mprotect),
                    SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static bool add_odds(scmp_filter_ctx filter)
{
    return allow_if(filter, CALL(ioctl), SCMP_A1_64(SCMP_CMP_EQ, FIONBIO, 0)) &&
           allow_if(filter, CALL(ioctl),
                    SCMP_A1_64(SCMP_CMP_EQ, FIONREAD, 0)) &&
           allow_if(filter, CALL(ioctl), SCMP_A1_64(SCMP_CMP_EQ, TCGETS, 0)) &&
           allow_if(filter, CALL(prctl),
                    SCMP_A0_64(SCMP_CMP_EQ, PR_SET_NAME, 0)) &&
           // Limits may be asked for, not set.
           allow_if(filter, CALL(prlimit64), SCMP_A2_64(SCMP_CMP_EQ, 0, 0));
}

/* The database library's sockets, and the C library's modules for names: code
   from files, but never memory that was written. */
static bool add_connections(scmp_filter_ctx filter)
{
    static const int calls[] = {CALL(connect), CALL(bind)};

    for (size_t i = 0; i < COUNT(families); i++)
        if (!allow_if(filter, CALL(socket),
                      SCMP_A0_64(SCMP_CMP_EQ, families[i], 0)))
            return false;
    return add_list(filter, SCMP_ACT_ALLOW, calls, COUNT(calls)) &&
           allow_if(filter, CALL(mmap),
                    SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE,
                               PROT_EXEC));
}

static bool fill(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    return seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
           add_list(filter, SCMP_ACT_ALLOW, always, COUNT(always)) &&
           add_list(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly)) &&
           add_threads(filter) && add_signals(filter) && add_memory(filter) &&
           add_odds(filter) && (!sandbox->connects || add_connections(filter));
}

/* The list was made on these; elsewhere calls have other names and arguments. */
static bool is_known_machine(void)
{
    uint32_t machine = seccomp_arch_native();

    return machine == SCMP_ARCH_X86_64 || machine == SCMP_ARCH_AARCH64;
}

enum sandbox_result sandbox_limit_calls(const struct sandbox *sandbox,
                                        bool *out, char why[SANDBOX_WHY_SIZE])
{
    scmp_filter_ctx filter = NULL;
    enum sandbox_result result = SANDBOX_FAILED;
    int code;

    *out = false;
    // EINVAL: a kernel without filters; EFAULT: with them.
    if (!is_known_machine() ||
        (prctl(PR_SET_SECCOMP, 2, NULL, 0, 0) != 0 && errno == EINVAL))
        return SANDBOX_OK;
    (void)snprintf(why, SANDBOX_WHY_SIZE, "sandbox: no filter of system calls");
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL || !fill(filter, sandbox))
        goto done;
    code = seccomp_load(filter);
    if (code != 0) {
        (void)snprintf(why, SANDBOX_WHY_SIZE,
                       "sandbox: the filter of system calls was refused: %s",
                       strerror(-code));
        goto done;
    }
    *out = true;
    result = SANDBOX_OK;
done:
    seccomp_release(filter);
    return result;
}
