/* test_terms.c - words and numbers of errors.def and terms.def. */
#include "proto/terms.h"

#include <criterion/criterion.h>

#include "proto/error.h"

Test(terms, every_term_is_found_by_number_and_by_word)
{
#define TERM(group, NAME, number, word)                                                            \
    cr_expect_str_eq(term_word(#group, number), word);                                             \
    cr_expect_eq(term_number(#group, word), number);
#include "proto/terms.def"
#undef TERM
}

Test(terms, a_stranger_is_unknown)
{
    cr_expect_str_eq(term_word("status", 0), "unknown");
    cr_expect_str_eq(term_word("status", UINT64_MAX), "unknown");
    cr_expect_str_eq(term_word("nonsense", 1), "unknown");
    cr_expect_eq(term_number("status", "nonsense"), 0);
    cr_expect_eq(term_number("nonsense", "passed"), 0);
}

Test(error, every_error_has_its_name_and_its_sentence)
{
#define ERR(NAME, number, text)                                                                    \
    cr_expect_str_eq(err_name(ERR_##NAME), #NAME);                                                 \
    cr_expect_str_eq(err_text(ERR_##NAME), text);
#include "proto/errors.def"
#undef ERR
}

Test(error, a_strangers_number_has_a_text_too)
{
    cr_expect(err_text((enum err)9999));
    cr_expect(err_name((enum err)9999));
}
