/* page_query.h - what a request for a page of the dashboard says: pure, bytes from outside. */
#ifndef ACTORS_GATEWAY_PAGE_QUERY_H
#define ACTORS_GATEWAY_PAGE_QUERY_H

#include "proto/message.h"

/* Texts end with a NUL; what is missing is empty or 0. */
struct page_query {
    char run[MSG_MAX_look_run + 1]; /* letters and digits only */
    char word[MSG_MAX_look_word + 1];
    uint64_t after;
};

/* Reads "run=…&after=…&word=…", percent-encoded; strangers' names are passed over, of one that
 * comes twice the last counts.  ERR_MALFORMED: a value is not what its name wants, or too long. */
enum err page_query_read(struct msg_str query, struct page_query *ret_query) MUST_CHECK;

/* A decimal number and nothing else; ERR_MALFORMED. */
enum err page_query_number(struct msg_str text, uint64_t *ret_number) MUST_CHECK;

#endif
