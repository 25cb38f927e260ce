/* record.c - keeps vectors.txt, the recorded samples, up with messages.def.
 *
 *     record vectors.txt            appends the samples that are missing
 *     record --seeds DIRECTORY      writes each sample as a seed for fuzz_message
 *
 * A line is "type fields name hex": the sample of a message as it was when it had so many fields.
 * Lines of released versions stay for ever; test_vectors.c proves that they can still be read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "tests/proto/sample.h"

enum { LINE_SIZE = 4096 };

static struct wire_buffer encode(const struct sample_message *message)
{
    struct wire_buffer buffer = {0};
    union msg_any msg;
    sample_fill(message, message->count, &msg);
    msg_encode(&buffer, &msg.head);
    if (buffer.failed) {
        abort();
    }
    return buffer;
}

static bool is_recorded(FILE *file, const char *key)
{
    char line[LINE_SIZE];
    bool found = false;
    rewind(file);
    while (!found && fgets(line, sizeof line, file)) {
        found = strncmp(line, key, strlen(key)) == 0;
    }
    (void)fseek(file, 0, SEEK_END);
    return found;
}

static bool append_missing(const char *path)
{
    FILE *file = fopen(path, "a+e");
    if (!file) {
        return false;
    }
    for (size_t i = 0; i < sample_message_count; i++) {
        const struct sample_message *message = &sample_messages[i];
        char key[16];
        (void)snprintf(key, sizeof key, "0x%04x %zu ", message->type, message->count);
        if (is_recorded(file, key)) {
            continue;
        }
        struct wire_buffer buffer = encode(message);
        (void)fprintf(file, "%s%s ", key, message->name);
        for (size_t k = 0; k < buffer.size; k++) {
            (void)fprintf(file, "%02x", buffer.bytes[k]);
        }
        (void)fputc('\n', file);
        wire_buffer_free(&buffer);
    }
    return fclose(file) == 0;
}

static bool write_seed(const char *directory, const struct sample_message *message)
{
    char path[LINE_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", directory, message->name);
    FILE *file = fopen(path, "we");
    if (!file) {
        return false;
    }
    struct wire_buffer buffer = encode(message);
    (void)fputc(message->type >> 8, file);
    (void)fputc(message->type & 0xff, file);
    (void)fwrite(buffer.bytes, 1, buffer.size, file);
    wire_buffer_free(&buffer);
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    bool ok = argc == 2 || (argc == 3 && strcmp(argv[1], "--seeds") == 0);
    if (!ok) {
        (void)fputs("usage: record vectors.txt | record --seeds DIRECTORY\n", stderr);
        return 2;
    }
    if (argc == 2) {
        ok = append_missing(argv[1]);
    }
    for (size_t i = 0; ok && argc == 3 && i < sample_message_count; i++) {
        ok = write_seed(argv[2], &sample_messages[i]);
    }
    if (!ok) {
        perror(argv[argc - 1]);
    }
    return ok ? 0 : 1;
}
