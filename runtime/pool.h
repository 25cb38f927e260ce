/* pool.h - small blocks of memory that are needed and given back all the time.
 *
 * Each thread keeps some blocks of each size at hand; what it has too many or too few of goes
 * through a store shared by all, thirty-two at a time, so that a thread that only sends and one
 * that only receives meet seldom.  What nobody needs goes back to malloc.  Any thread.
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include <stddef.h>

/* A block of `size` bytes, aligned as by malloc, not cleared; NULL without memory. */
void *pool_take(size_t size);

/* The same, cleared. */
void *pool_take_zeroed(size_t size);

/* Gives back a block; `size` as when it was taken.  NULL is fine. */
void pool_give(void *block, size_t size);

#endif
