/* fuzz_zap.c - any frames as a question of ZAP: only the key on the list is let in.
 *
 * The input is frames behind one byte for their size each; 255 stands for one byte too many.
 */
#include <string.h>

#include "runtime/link_zap.h"
#include "tests/fuzz/must.h"

enum { FRAMES_MAX = 12 };

static bool is_shown(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[CERT_KEY_BYTES] = "key";
    struct cert cert = {.name = "worker"};
    struct zap_allowed allowed = {&cert, 1};
    struct zap_frame frames[FRAMES_MAX];
    struct zap_answer answer;
    size_t count = 0;
    cert_key_text(key, cert.public_key);
    while (size > 0 && count < FRAMES_MAX) {
        size_t wanted = data[0] == UINT8_MAX ? ZAP_FRAME_MAX + 1 : data[0];
        size_t got = wanted < size - 1 ? wanted : size - 1;
        frames[count++] = (struct zap_frame){data + 1, got};
        data += 1 + got;
        size -= 1 + got;
    }
    zap_judge(&allowed, frames, count, &answer);
    bool in = strcmp(answer.status, "200") == 0;
    MUST(in || strcmp(answer.status, "400") == 0 || strcmp(answer.status, "500") == 0);
    MUST(in == (answer.user[0] != '\0'));
    MUST(is_shown(answer.address) && answer.text[0] != '\0');
    if (in) {
        MUST(count == ZAP_FRAMES && frames[6].size == sizeof key);
        MUST(memcmp(frames[6].at, key, sizeof key) == 0);
        MUST(strcmp(zap_user_key(answer.user), cert.public_key) == 0);
    }
    return 0;
}
