/* awaited.h - an assertion that looks once, where what it looks for comes a moment later, changed
 * into the one of Playwright that waits for the same:
 *
 *     expect(await row.isVisible()).toBe(true)     await expect(row).toBeVisible()
 *     expect(await row.textContent()).toBe('Due')  await expect(row).toHaveText('Due')
 *     expect(await rows.count()).toBe(3)           await expect(rows).toHaveCount(3)
 *
 * What is expected stays as it is written; no wait is added or taken away.  Pure.
 */
#ifndef ACTORS_COMMON_AWAITED_H
#define ACTORS_COMMON_AWAITED_H

#include "proto/message.h"

enum { AWAITED_SIZE = 1024 };

/* What to put in the place of the first `size` bytes of a line. */
struct awaited {
    size_t size;
    char after[AWAITED_SIZE];
};

/* `line` is without its indent and its end.  False: it is no such statement, or holds more. */
bool awaited_rewrite(const char *line, size_t size, struct awaited *ret);

/* Whether the line `added` is what becomes of `removed`, and nothing else. */
bool awaited_is_edit(struct msg_str removed, struct msg_str added);

#endif
