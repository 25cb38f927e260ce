/* spawner_help.h - the vocabulary of the tests of spawner and sandbox.
 *
 * One spawner and one project directory a test (Criterion gives each test a process), commands
 * are lines for sh.
 */
#ifndef TESTS_RUNTIME_SPAWNER_HELP_H
#define TESTS_RUNTIME_SPAWNER_HELP_H

#include "runtime/spawner.h"

#define OUTPUT_MAX  4095
#define WAIT_MS_MAX 20000

struct outcome {
    bool started;
    struct spawn_event start;
    struct spawn_event last;
    char out[OUTPUT_MAX + 1]; /* the first bytes of stdout and stderr */
    size_t out_bytes;         /* all bytes of them */
};

extern struct spawner *spawner;
extern char project[64]; /* on the host, empty, ours */
extern char marker[64];  /* of the processes of this test: an argument for sleep */

void help_setup(void);
void help_teardown(void);

/* sh -c `script` with the usual environment, merged output and the full sandbox. */
struct spawn_spec shell(const char *script);

/* Asks and fails the test if that is refused. */
struct spawn_fds spawn(const struct spawn_spec *spec);

/* Reads and waits until it has ended.  Closes fds. */
struct outcome finish(struct spawn_fds *fds);
struct outcome run(const struct spawn_spec *spec);
struct outcome run_shell(const char *script);

/* Waits for `text` on out, or for the end of it. */
bool wait_for_output(int out, const char *text);

/* Processes of the host whose command line holds `marker`. */
size_t count_marked(void);
/* Waits until none is left; returns how many are. */
size_t count_marked_at_last(void);

/* Leaves the test if there are no namespaces here. */
void need_full(void);

/* The script that starts 100 sleepers that leave session and parent, and says ready. */
const char *escape_script(void);

#endif
