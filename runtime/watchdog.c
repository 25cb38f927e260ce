/* watchdog.c - a thread that says which handler does not return, and where it is.
 *
 * A worker publishes which message it is at (struct worker: doing, doer).  The watchdog looks twice
 * in runtime.stuck_ms; what it has seen three times in a row has run for at least that long, and is
 * told of once.  Looks are counted, not time: a process that was stopped meanwhile counts as one.
 *
 * The stack is taken by the stuck thread itself, in the handler of STACK_SIGNAL, whose default is
 * to be ignored.  It calls backtrace(), which does not allocate once it has been called, and hands
 * over the addresses; the watchdog's thread makes text of them.
 */
#include "runtime/core.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_SIGNAL = SIGURG,
    LOOKS_STUCK = 2,   /* at the same message, after the first */
    STACK_MS_MAX = 50, /* a thread that does not answer is in the kernel, or there is no time */
    FRAMES_OWN = 2,    /* of the signal, before those of interest */
    FRAME_TEXT_MAX = 64
};

/* What was seen of one worker. */
struct seen {
    uint64_t doing;
    uint32_t looks;
};

struct watchdog {
    struct rt_system *system;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool stopping; /* under the lock */
    bool stacks;   /* the signal is ours */
    struct seen seen[WORKERS_MAX + 1];
};

/* The worker that this thread is.
 * NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a signal brings no context */
static _Thread_local struct worker *watched;

/* ---- on the stuck thread ---- */

static void on_stack_signal(int number)
{
    (void)number;
    int before = errno;
    struct worker *worker = watched;
    if (worker) {
        unsigned wanted = atomic_load_explicit(&worker->stack.wanted, memory_order_acquire);
        if (wanted != atomic_load_explicit(&worker->stack.taken, memory_order_relaxed)) {
            worker->stack.count = backtrace(worker->stack.frames, STACK_FRAMES_MAX);
            atomic_store_explicit(&worker->stack.taken, wanted, memory_order_release);
        }
    }
    errno = before;
}

void watchdog_admit(struct worker *worker)
{
    watched = worker;
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, STACK_SIGNAL);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    atomic_store_explicit(&worker->thread_id, (int)syscall(SYS_gettid), memory_order_relaxed);
}

/* ---- the report ---- */

/* True when the worker's stack is in worker->stack.  By its number in the kernel, which may be gone
 * by now without harm; a pthread_t may not. */
static bool take_stack(const struct watchdog *self, struct worker *worker)
{
    if (!self->stacks) {
        return false;
    }
    unsigned wanted = atomic_load_explicit(&worker->stack.wanted, memory_order_relaxed) + 1;
    atomic_store_explicit(&worker->stack.wanted, wanted, memory_order_release);
    int thread = atomic_load_explicit(&worker->thread_id, memory_order_relaxed);
    if (syscall(SYS_tgkill, getpid(), thread, STACK_SIGNAL) != 0) {
        return false;
    }
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    for (int ms = 0; ms < STACK_MS_MAX; ms++) {
        if (atomic_load_explicit(&worker->stack.taken, memory_order_acquire) == wanted) {
            return true;
        }
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* "troupe-node+0x5d2f1": what addr2line takes. */
static void add_frame(void *frame, char *text, size_t size)
{
    Dl_info info;
    size_t used = strlen(text);
    const char *space = used > 0 ? " " : "";
    if (dladdr(frame, &info) == 0 || !info.dli_fname) {
        (void)snprintf(text + used, size - used, "%s%p", space, frame);
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    (void)snprintf(text + used, size - used, "%s%.32s+0x%" PRIxPTR, space,
                   slash ? slash + 1 : info.dli_fname,
                   (uintptr_t)frame - (uintptr_t)info.dli_fbase);
}

static void report(struct watchdog *self, struct worker *worker, uint64_t doing)
{
    struct rt_system *system = self->system;
    const struct actor *actor = atomic_load_explicit(&worker->doer, memory_order_relaxed);
    const char *name = actor ? atomic_load_explicit(&actor->name, memory_order_relaxed) : NULL;
    uint64_t id = actor ? atomic_load_explicit(&actor->id, memory_order_relaxed) : 0;
    char stack[STACK_FRAMES_MAX * FRAME_TEXT_MAX] = "";
    bool taken = take_stack(self, worker);
    if (atomic_load_explicit(&worker->doing, memory_order_acquire) != doing) {
        return; /* it has returned: what was read may be of another message */
    }
    for (int i = FRAMES_OWN; taken && i < worker->stack.count; i++) {
        add_frame(worker->stack.frames[i], stack, sizeof stack);
    }
    atomic_fetch_add_explicit(&system->stuck, 1, memory_order_relaxed);
    uint16_t type = (uint16_t)doing;
    char line[sizeof stack + 256];
    (void)snprintf(line, sizeof line,
                   "handler does not return actor_id=%" PRIu64 ".%" PRIu64
                   " message=%s for_ms=%" PRIu64 " stack=\"%s\"",
                   id & UINT32_MAX, id >> 32, type == 0 ? "-" : msg_name(type),
                   system->config->runtime.stuck_ms, taken ? stack : "not to be had");
    system->ports.log(system->ports.world, RT_WARN, name ? name : "-", line);
}

/* ---- the thread ---- */

static void look(struct watchdog *self, uint32_t index)
{
    struct worker *worker = &self->system->workers[index];
    struct seen *seen = &self->seen[index];
    uint64_t doing = atomic_load_explicit(&worker->doing, memory_order_acquire);
    if (doing == 0 || doing != seen->doing) {
        *seen = (struct seen){.doing = doing};
    } else if (++seen->looks == LOOKS_STUCK) {
        report(self, worker, doing);
    }
}

/* False: the watchdog is to end. */
static bool wait_for_look(struct watchdog *self)
{
    uint64_t pause_ms = (self->system->config->runtime.stuck_ms + LOOKS_STUCK - 1) / LOOKS_STUCK;
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(pause_ms / 1000);
    until.tv_nsec += (long)(pause_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&self->lock);
    int rc = 0;
    while (!self->stopping && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&self->cond, &self->lock, &until);
    }
    bool go_on = !self->stopping;
    (void)pthread_mutex_unlock(&self->lock);
    return go_on;
}

static void *watchdog_main(void *arg)
{
    struct watchdog *self = arg;
    while (wait_for_look(self)) {
        for (uint32_t i = 0; i <= self->system->guest; i++) {
            look(self, i);
        }
    }
    return NULL;
}

/* False: the program does something else with it. */
static bool take_signal(void)
{
    struct sigaction before;
    if (sigaction(STACK_SIGNAL, NULL, &before) != 0) {
        return false;
    }
    if (!(before.sa_flags & SA_SIGINFO) && before.sa_handler == on_stack_signal) {
        return true; /* of another system of this process */
    }
    if ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_DFL) {
        return false;
    }
    struct sigaction action = {.sa_handler = on_stack_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    return sigaction(STACK_SIGNAL, &action, NULL) == 0;
}

static bool start_thread(struct watchdog *self)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) {
        return false;
    }
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* which Linux has */
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_cond_init(&self->cond, &attr);
    (void)pthread_condattr_destroy(&attr);
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&self->thread, NULL, watchdog_main, self);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

void watchdog_start(struct rt_system *system)
{
    if (system->config->runtime.stuck_ms == 0) {
        return;
    }
    struct watchdog *self = calloc(1, sizeof *self);
    if (self) {
        void *frame;
        (void)backtrace(&frame, 1); /* the first call loads a library, which a signal must not */
        self->system = system;
        self->stacks = take_signal();
    }
    if (!self || !start_thread(self)) {
        system->ports.log(system->ports.world, RT_WARN, "watchdog",
                          "there is no thread or memory for it");
        free(self);
        return;
    }
    system->watchdog = self;
}

void watchdog_stop(struct rt_system *system)
{
    struct watchdog *self = system->watchdog;
    if (!self) {
        return;
    }
    (void)pthread_mutex_lock(&self->lock);
    self->stopping = true;
    (void)pthread_cond_signal(&self->cond);
    (void)pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->thread, NULL);
    (void)pthread_mutex_destroy(&self->lock);
    (void)pthread_cond_destroy(&self->cond);
    free(self);
    system->watchdog = NULL;
}
