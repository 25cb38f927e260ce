/* event.c - times, ids and words of webhooks. */
#include "actors/gateway/event.h"

#include <string.h>

#include "actors/gateway/signature.h"

enum { WORD_SIZE_MAX = 64 };

/* Two or four digits; -1 when they are none. */
static int digits(const char *at, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar; years begin in March here, so that the
 * leap day is the last. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

uint64_t event_time_ms(struct msg_str text)
{
    static const char shape[] = "0000-00-00T00:00:00Z";
    if (text.size != sizeof shape - 1) {
        return 0;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (shape[i] != '0' && text.at[i] != shape[i]) {
            return 0;
        }
    }
    int year = digits(text.at, 4);
    int month = digits(text.at + 5, 2);
    int day = digits(text.at + 8, 2);
    int hour = digits(text.at + 11, 2);
    int minute = digits(text.at + 14, 2);
    int second = digits(text.at + 17, 2);
    bool valid = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 &&
                 hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
    if (!valid) {
        return 0;
    }
    int64_t seconds =
        days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return (uint64_t)seconds * 1000;
}

enum err event_run_id(struct msg_str body, uint64_t updated_ms, char ret_run[ULID_SIZE + 1])
{
    uint8_t digest[DIGEST_SIZE];
    enum err err = signature_digest(body, digest);
    if (err == ERR_OK) {
        ulid_make(updated_ms, digest, ret_run);
    }
    return err;
}

enum event_kind event_kind(struct msg_str name)
{
    static const struct {
        const char *name;
        enum event_kind kind;
    } kinds[] = {{"pull_request", EVENT_PULL_REQUEST},
                 {"check_run", EVENT_CHECK},
                 {"check_suite", EVENT_CHECK},
                 {"issue_comment", EVENT_COMMENT}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (msg_str_is(name, kinds[i].name)) {
            return kinds[i].kind;
        }
    }
    return EVENT_OTHER;
}

bool event_word_is_valid(struct msg_str word)
{
    for (size_t i = 0; i < word.size; i++) {
        char c = word.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        if (!good) {
            return false;
        }
    }
    return word.size > 0 && word.size <= WORD_SIZE_MAX;
}
