/* wait.h - an assertion that looks once, where what it looks for comes a moment later, changed into
 * the one of Playwright that waits for the same:
 *
 *     expect(await row.isVisible()).toBe(true)     await expect(row).toBeVisible()
 *     expect(await row.textContent()).toBe('Due')  await expect(row).toHaveText('Due')
 *     expect(await rows.count()).toBe(3)           await expect(rows).toHaveCount(3)
 *
 * What is expected stays as it is written; no wait is added or taken away.  Pure.
 */
#ifndef ACTORS_HEALER_WAIT_H
#define ACTORS_HEALER_WAIT_H

#include "actors/healer/edit.h"

/* Where the project failed, by the first frame of its own in the text of a failure; false: there is
 * none.  `file` has room for `file_size` bytes. */
bool wait_place(const char *message, size_t size, char *file, size_t file_size, uint64_t *ret_line);

/* As edit_make(), of the statement in the line of the call; its locators are not looked at. */
bool wait_edit(const struct edit_input *input, struct edit *ret_edit, const char **ret_why);

#endif
