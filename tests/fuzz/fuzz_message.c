/* fuzz_message.c - any bytes as the body of any message: two bytes of type, then the body.
 *
 * Accepted bodies keep within the declared limits and survive being copied, printed, written and
 * read again.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "proto/wire.h"
#include "tests/fuzz/must.h"

/* What is written once must be written the same after having been read. */
static void check_again(const struct msg *msg)
{
    struct wire_buffer once = {0};
    struct wire_buffer twice = {0};
    union msg_any again;
    msg_encode(&once, msg);
    MUST(!once.failed && wire_is_sound(once.bytes, once.size));
    struct wire_cursor cursor = {.at = once.bytes, .end = once.bytes + once.size};
    MUST(msg_decode(&cursor, msg->type, &again) == ERR_OK && cursor.at == cursor.end);
    msg_encode(&twice, &again.head);
    MUST(once.size == twice.size && memcmp(once.bytes, twice.bytes, once.size) == 0);
    wire_buffer_free(&once);
    wire_buffer_free(&twice);
}

static void check_accepted(const struct msg *msg)
{
    char text[512];
    MUST(msg_check(msg) == ERR_OK);
    void *room = malloc(msg_size(msg));
    MUST(room);
    const struct msg *copy = msg_copy(room, msg);
    msg_format(copy, text, sizeof text);
    check_again(copy);
    free(room);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    struct wire_cursor cursor = {.at = data + 2, .end = data + size};
    union msg_any msg;
    memset(&msg, 0, sizeof msg);
    enum err err = msg_decode(&cursor, type, &msg);
    MUST(cursor.at <= cursor.end);
    if (err == ERR_OK) {
        check_accepted(&msg.head);
    } else {
        MUST(err == ERR_MALFORMED || err == ERR_UNKNOWN);
    }
    return 0;
}
