/* exec.h - commands of actors, carried out by the spawner.
 *
 * Actors ask from any worker thread (exec_command, exec_write, exec_kill are what struct ports
 * wants); a lock and an eventfd bring the work to the net thread, which alone talks to the spawner
 * and reads what the commands write.  Events go back through system_tell.  An owner without room is
 * not read for until it has some, so a command that floods is slowed down, not its owner.
 *
 * Each exec_command gives [EXEC_STARTED] EXEC_OUTPUT… EXEC_EXITED.  EXEC_EXITED comes last and
 * once, also when nothing could be started, or when the spawner dies.  Of stdout and of stderr at
 * most executor.output_max bytes are passed on each: the first half as it comes, the last half at
 * the end, with a line between them that says how much was cut.  The control socket is never cut.
 */
#ifndef RUNTIME_EXEC_H
#define RUNTIME_EXEC_H

#include "runtime/net.h"
#include "runtime/spawner.h"
#include "runtime/system.h"

enum {
    EXEC_COMMANDS_MAX = 1024,                /* under way or waiting for a place in the spawner */
    EXEC_COMMAND_BYTES_MAX = 256 * 1024,     /* all strings of one command together */
    EXEC_CONTROL_BYTES_MAX = 8 * 1024 * 1024 /* written and not yet read by one command */
};

struct exec;

/* Takes over *spawner on success.  `config` is borrowed and outlives the service.  ERR_MEMORY;
 * ERR_IO: no descriptors left; ERR_LIMIT: too many paths in sandbox.writable. */
enum err exec_new(struct spawner **spawner, const struct config *config,
                  struct exec **ret_exec) MUST_CHECK;

/* Who watches the descriptors and who gets the events; both outlive the service's use.  Between
 * net_new and net_start, once. */
enum err exec_attach(struct exec *exec, struct net *net, struct rt_system *system) MUST_CHECK;

/* Kills what still runs and ends the spawner, which may take some ms.  After net_stop, and when no
 * actor runs any more. */
void exec_destroy(struct exec **exec);

/* Any thread: the three ports, see rt_exec, rt_exec_write and rt_exec_kill. */
void exec_command(struct exec *exec, uint64_t id, struct rt_address owner,
                  const struct rt_command *command);
enum err exec_write(struct exec *exec, uint64_t id, const void *bytes, size_t size) MUST_CHECK;
void exec_kill(struct exec *exec, uint64_t id);

/* Any thread: the spawner has died, or an EXEC_EXITED could not be delivered: the process should
 * end. */
bool exec_failed(const struct exec *exec);

#endif
