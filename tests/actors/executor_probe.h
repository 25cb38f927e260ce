/* executor_probe.h - one executor with one slot, a coordinator that listens, and a fake world. */
#ifndef TESTS_ACTORS_EXECUTOR_PROBE_H
#define TESTS_ACTORS_EXECUTOR_PROBE_H

#include "actors/executor/executor.h"
#include "runtime/system.h"

extern struct config config;

/* Starts the system (and no coordinator) by what `config` says. */
void probe_setup(void);
void probe_start(void);
void probe_teardown(void);

/* A coordinator appears, with room for so many messages; the former one is told to end. */
void coordinator_up(uint32_t mailbox_max);
void coordinator_down(void);

/* From the coordinator to the slot. */
void give(const struct msg *msg);
/* GRANT and LEASEs, jobs numbered from 0; NULL at the end of the files. */
void grant(uint64_t token, const char *runner, const char *const *files);
void grant_list(uint64_t token, const char *runner);
void ack(uint64_t token, uint64_t job);
void revoke(uint64_t token);

/* Lets time pass, with all that happens in it. */
void advance(uint64_t ms);

/* What the coordinator got since the last call, a line each. */
const char *heard(void);
/* How many of these it got since then (does not reset). */
size_t heard_count(const char *word);

/* The fake exec service. */
uint64_t exec_last(void);       /* number of the newest command; 0 for none */
size_t exec_count(void);        /* commands so far */
const char *exec_line(void);    /* argv of the newest, joined by blanks */
const char *exec_written(void); /* to the control socket of the newest, since the last call */
bool exec_killed(uint64_t id);
void says(const char *line); /* the newest command, on its control socket; adds the newline */
void says_bytes(const char *bytes, size_t size);
void writes(uint64_t stream, const char *text);
void exits(uint64_t code, uint64_t signal);
void exits_as(const struct msg *exited); /* id is filled in */
void exec_refuse_writes(enum err err);

#endif
