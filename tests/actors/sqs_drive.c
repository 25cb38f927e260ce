/* sqs_drive.c - puts the pure parts of the bridge on a pair of pipes, for tests/system/test_sqs.py.
 *
 * A command is a line of fields on stdin: a word, numbers, and texts in hexadecimal ("-": empty).
 *
 *     sign METHOD HOST PATH REGION SERVICE TIME BODY QUERY-COUNT {NAME VALUE of the query}
 *          {NAME VALUE of headers}                        says date and authorization
 *     job RUN DIR RUNNER COMMAND ENV {FILE}               says the JSON of that job
 *     run MESSAGE-ID SENT-MS                              says the name of its run
 *
 * The answer is a line of texts.  Credentials are those that credentials_load finds.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/job.h"
#include "actors/sqs_bridge/sigv4.h"

enum { FIELDS_MAX = 64 };

static struct credentials credentials;
static char *fields[FIELDS_MAX];
static size_t sizes[FIELDS_MAX]; /* of texts */
static size_t field_count;

/* ---- fields ---- */

static unsigned digit(char byte)
{
    return (unsigned)(byte <= '9' ? byte - '0' : byte - 'a' + 10);
}

/* Field `index` as text; decoded where it stands, once. */
static const char *text_at(size_t index)
{
    assert(index < field_count);
    char *field = fields[index];
    if (sizes[index] != SIZE_MAX) {
        return field;
    }
    size_t size = strcmp(field, "-") == 0 ? 0 : strlen(field) / 2;
    for (size_t i = 0; i < size; i++) {
        field[i] = (char)(digit(field[2 * i]) << 4 | digit(field[2 * i + 1]));
    }
    field[size] = '\0';
    sizes[index] = size;
    return field;
}

static uint64_t number_at(size_t index)
{
    assert(index < field_count);
    return strtoull(fields[index], NULL, 10);
}

static void split(char *line)
{
    char *rest = NULL;
    field_count = 0;
    for (char *at = strtok_r(line, " \n", &rest); at && field_count < FIELDS_MAX;
         at = strtok_r(NULL, " \n", &rest)) {
        sizes[field_count] = SIZE_MAX;
        fields[field_count++] = at;
    }
}

static void print_text(const char *text, size_t size)
{
    printf(size > 0 ? " " : " -");
    for (size_t i = 0; i < size; i++) {
        printf("%02x", (unsigned char)text[i]);
    }
}

static void print_string(const char *text)
{
    print_text(text, strlen(text));
}

/* Ends the program: a driver has nobody to tell. */
static void must(enum err err, const char *what)
{
    if (err != ERR_OK) {
        (void)fprintf(stderr, "sqs_drive: %s: %s\n", what, err_text(err));
        exit(1);
    }
}

/* ---- signatures ---- */

static void run_sign(void)
{
    struct sigv4_pair pairs[FIELDS_MAX];
    size_t count = 0;
    for (size_t i = 9; i + 1 < field_count; i += 2) {
        pairs[count++] = (struct sigv4_pair){text_at(i), text_at(i + 1)};
    }
    size_t query_count = number_at(8);
    const struct sigv4_request request = {.method = text_at(1),
                                          .host = text_at(2),
                                          .path = text_at(3),
                                          .query = pairs,
                                          .query_count = query_count,
                                          .headers = pairs + query_count,
                                          .header_count = count - query_count,
                                          .body = text_at(7),
                                          .body_size = (text_at(7), sizes[7])};
    const struct sigv4_signer signer = {text_at(4), text_at(5), &credentials,
                                        (int64_t)number_at(6)};
    struct sigv4_signature signature;
    enum err err = sigv4_sign(&request, &signer, &signature);
    must(err, "sign");
    print_string(signature.date);
    print_string(signature.authorization);
}

/* ---- jobs ---- */

static void run_job(void)
{
    const char *files[FIELDS_MAX];
    struct job job = {.run = text_at(1),
                      .dir = text_at(2),
                      .runner = text_at(3),
                      .command = text_at(4),
                      .env = text_at(5),
                      .files = files};
    for (size_t i = 6; i < field_count; i++) {
        files[job.files_count++] = text_at(i);
    }
    char *text = NULL;
    must(job_write(&job, &text), "job");
    print_string(text);
    free(text);
}

static void run_run(void)
{
    char run[JOB_RUN_SIZE + 1];
    must(job_run(text_at(1), number_at(2), run), "run");
    print_string(run);
}

/* ---- the whole ---- */

static void run(void)
{
    static const struct {
        const char *word;
        void (*run)(void);
    } commands[] = {{"sign", run_sign}, {"job", run_job}, {"run", run_run}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(fields[0], commands[i].word) == 0) {
            commands[i].run();
            printf("\n");
            return;
        }
    }
    must(ERR_UNKNOWN, fields[0]);
}

int main(void)
{
    must(credentials_load(getenv, &credentials), "credentials");
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        split(line);
        if (field_count > 0) {
            run();
            (void)fflush(stdout);
        }
    }
    free(line);
    credentials_wipe(&credentials);
    return 0;
}
