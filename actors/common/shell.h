/* shell.h - command lines that people wrote, with names that they did not.
 *
 * Pure.
 */
#ifndef ACTORS_COMMON_SHELL_H
#define ACTORS_COMMON_SHELL_H

/* A file name is never part of what the shell reads: {} becomes "$1", and the name an argument.
 * The caller frees it; NULL without memory. */
char *shell_with_argument(const char *command);

#endif
