/* test_match.c - what elements have become. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/healer/lexicon.h"
#include "actors/healer/match.h"
#include "actors/healer/repair.h"
#include "actors/healer/snapshot.h"

/* Pages with ' for ", as arrays of elements; roles and names are made. */
#define ROOT "{'p':-1,'path':'/h','tag':'html','a':{}},{'p':0,'path':'/h/b','tag':'body','a':{}},"

static void load(const char *old, const char *new, struct tree trees[2])
{
    char json[8192];
    int size =
        snprintf(json, sizeof json, "{'old':{'':[" ROOT "%s]},'new':{'':[" ROOT "%s]}}", old, new);
    cr_assert(size > 0 && (size_t)size < sizeof json);
    for (char *at = json; *at; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    cr_assert_eq(snapshot_read(json, strlen(json), "old", &trees[0]), ERR_OK);
    cr_assert_eq(snapshot_read(json, strlen(json), "new", &trees[1]), ERR_OK);
}

/* The path of what `path` has become, "" when that is refused. */
static void become(const struct tree trees[2], const char *path, const char *action, char *to)
{
    struct match *match;
    struct repair repair;
    cr_assert_eq(match_make(&trees[0], &trees[1], MATCH_PAGES, &match), ERR_OK);
    int32_t old = tree_by_path(&trees[0], path, "");
    cr_assert_geq(old, 0);
    repair_decide(match, old, action, false, &repair);
    (void)snprintf(to, 64, "%s", repair.healed ? trees[1].nodes[repair.node].path : "");
    match_destroy(&match);
}

#define BUTTON(path, id, text)                                                                     \
    "{'p':1,'path':'" path "','tag':'button','a':{'id':'" id "'},'own':'" text "','text':'" text   \
    "'}"

Test(match, knows_an_element_under_other_identifiers_and_words)
{
    struct tree trees[2];
    char to[64];
    load(BUTTON("/h/b/save", "save-button", "Save") "," BUTTON("/h/b/del", "del", "Delete"),
         BUTTON("/h/b/1", "css-1x7f", "Delete") "," BUTTON("/h/b/2", "saveBtn", "Save changes"),
         trees);
    become(trees, "/h/b/save", "click", to);
    cr_expect_str_eq(to, "/h/b/2");
    become(trees, "/h/b/del", "click", to);
    cr_expect_str_eq(to, "/h/b/1");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

Test(match, refuses_what_was_removed_though_another_stands_in_its_place)
{
    struct tree trees[2];
    char to[64];
    load(BUTTON("/h/b/1", "a", "Continue with Google") "," BUTTON("/h/b/2", "b",
                                                                  "Continue with Twitter"),
         BUTTON("/h/b/1", "a", "Continue with Google") "," BUTTON("/h/b/2", "c",
                                                                  "Continue with Apple"),
         trees);
    become(trees, "/h/b/1", "", to);
    cr_expect_str_eq(to, "/h/b/1");
    become(trees, "/h/b/2", "", to);
    cr_expect_str_eq(to, "");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

Test(match, does_not_take_an_element_that_is_explained_by_another)
{
    struct tree trees[2];
    char to[64];
    load(BUTTON("/h/b/1", "save-top", "Save") "," BUTTON("/h/b/2", "save-bottom", "Save"),
         BUTTON("/h/b/1", "save-bottom", "Save"), trees);
    become(trees, "/h/b/2", "", to);
    cr_expect_str_eq(to, "/h/b/1");
    become(trees, "/h/b/1", "", to);
    cr_expect_str_eq(to, "");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

Test(match, takes_only_what_can_take_the_action)
{
    struct tree trees[2];
    char to[64];
    load(BUTTON("/h/b/1", "save", "Save"), BUTTON("/h/b/1", "save", "Save"), trees);
    become(trees, "/h/b/1", "click", to);
    cr_expect_str_eq(to, "/h/b/1");
    become(trees, "/h/b/1", "fill", to);
    cr_expect_str_eq(to, "");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

Test(match, ranks_fingerprints)
{
    static const char json[] =
        "{\"cases\":[{\"id\":\"a\",\"old\":{\"tag\":\"a\",\"id\":\"help\",\"text\":\"Help\","
        "\"href\":\"/help\"}}],"
        "\"candidates\":[{\"i\":3,\"tag\":\"a\",\"text\":\"Imprint\",\"href\":\"/legal\"},"
        "{\"i\":8,\"tag\":\"a\",\"text\":\"Help\",\"href\":\"/en/help\"}]}";
    struct heal_cases cases;
    struct tree trees[2];
    int64_t *index;
    struct match *match;
    struct match_found found;
    cr_assert_eq(fingerprints_read(json, strlen(json), &cases, trees, &index), ERR_OK);
    cr_assert_eq(match_make(&trees[0], &trees[1], MATCH_FINGERPRINTS, &match), ERR_OK);
    match_find(match, cases.at[0].old, "", &found);
    cr_expect_eq(found.ranking_count, (size_t)2);
    cr_expect_eq(index[found.ranking[0] - 1], 8);
    match_destroy(&match);
    tree_free(&trees[0]);
    tree_free(&trees[1]);
    cases_free(&cases);
    free(index);
}

Test(match, refuses_files_that_are_no_snapshots)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"old\":[]}",
        "{\"old\":{\"\":[{}]}}",
        "{\"old\":{\"\":[{\"p\":0,\"tag\":\"a\"}]}}",
        "{\"old\":{\"\":[{\"p\":-1,\"tag\":\"a\"},{\"p\":5,\"tag\":\"a\"}]}}",
        "{\"old\":{\"\":[{\"p\":-1,\"tag\":\"a\"},{\"p\":-1,\"tag\":\"a\"}]}}"};
    struct tree tree;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(snapshot_read(bad[i], strlen(bad[i]), "old", &tree), ERR_MALFORMED, "%s",
                     bad[i]);
    }
}

/* Row `n` below the body: a cell that says who, a cell with a button; `at` its index. */
#define ROW(at, n, who, button)                                                                    \
    "{'p':1,'path':'/h/b/" n "','tag':'tr','a':{},'text':'" who " " button "','role':'row'},"      \
    "{'p':" at ",'path':'/h/b/" n "/n','tag':'td','a':{},'own':'" who "','text':'" who "'},"       \
    "{'p':" at ",'path':'/h/b/" n "/b','tag':'button','a':{},'own':'" button "','text':'" button   \
    "'}"
#define ROWS(a, b, c, button)                                                                      \
    ROW("2", "1", a, button) "," ROW("5", "2", b, button) "," ROW("8", "3", c, button)

Test(match, an_action_in_a_row_stays_with_whom_the_row_is_about)
{
    struct tree trees[2];
    char to[64];
    load(ROWS("Ada Lovelace", "Alan Turing", "Grace Hopper", "Edit"),
         ROWS("Grace Hopper", "Ken Thompson", "Ada Lovelace", "Change"), trees);
    become(trees, "/h/b/1/b", "click", to);
    cr_expect_str_eq(to, "/h/b/3/b");
    become(trees, "/h/b/3/b", "click", to);
    cr_expect_str_eq(to, "/h/b/1/b");
    become(trees, "/h/b/2/b", "click", to);
    cr_expect_str_eq(to, "", "somebody else stands there now");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

Test(match, of_two_that_are_as_likely_none_is_taken)
{
    struct tree trees[2];
    char to[64];
    load(BUTTON("/h/b/e", "email", "Email"),
         BUTTON("/h/b/1", "e1", "Work email") "," BUTTON("/h/b/2", "e2", "Private email"), trees);
    become(trees, "/h/b/e", "", to);
    cr_expect_str_eq(to, "");
    tree_free(&trees[0]);
    tree_free(&trees[1]);
}

/* ---- bags ---- */

/* The words of a bag, by number. */
static size_t words_of(const struct lexicon *lexicon, uint32_t bag, uint32_t words[BAG_MAX])
{
    const struct bag *of = bag_at(lexicon, bag);
    memcpy(words, lexicon->pool + of->first, of->count * sizeof words[0]);
    return of->count;
}

Test(match, equal_texts_have_one_bag_and_the_empty_one_is_0)
{
    struct lexicon lexicon = {.failed = false};
    uint32_t save = lexicon_text_bag(&lexicon, "Save order");
    cr_expect_eq(lexicon_text_bag(&lexicon, ""), 0);
    cr_expect_eq(lexicon_text_bag(&lexicon, "…"), 0);
    cr_expect_neq(save, 0);
    cr_expect_eq(lexicon_text_bag(&lexicon, "Save order"), save);
    cr_expect_eq(bag_union(&lexicon, (uint32_t[]){0, save, 0}, 3), save);
    lexicon_free(&lexicon);
}

Test(match, a_union_has_every_word_once_and_in_order)
{
    struct lexicon lexicon = {.failed = false};
    uint32_t words[BAG_MAX];
    const uint32_t bags[] = {lexicon_text_bag(&lexicon, "green tea pot"),
                             lexicon_text_bag(&lexicon, "apple tea"),
                             lexicon_text_bag(&lexicon, "pot of apple juice")};
    size_t count = words_of(&lexicon, bag_union(&lexicon, bags, 3), words);
    cr_expect_eq(count, 6); /* green tea pot apple of juice */
    for (size_t i = 1; i < count; i++) {
        cr_expect_lt(words[i - 1], words[i]);
    }
    lexicon_free(&lexicon);
}

Test(match, a_union_that_is_too_large_keeps_the_first_bags)
{
    struct lexicon lexicon = {.failed = false};
    char texts[2][BAG_MAX * 4] = {"", ""};
    for (int i = 0; i < BAG_MAX; i++) { /* "aa ab …", and as many others */
        size_t at = strlen(texts[0]);
        (void)snprintf(texts[0] + at, sizeof texts[0] - at, "a%c%c ", 'a' + i / 26, 'a' + i % 26);
        (void)snprintf(texts[1] + at, sizeof texts[1] - at, "b%c%c ", 'a' + i / 26, 'a' + i % 26);
    }
    uint32_t words[2][BAG_MAX];
    const uint32_t bags[] = {lexicon_text_bag(&lexicon, texts[1]),
                             lexicon_text_bag(&lexicon, texts[0])};
    cr_assert_eq(words_of(&lexicon, bag_union(&lexicon, bags, 2), words[0]), BAG_MAX);
    cr_assert_eq(words_of(&lexicon, bags[0], words[1]), BAG_MAX);
    cr_expect_arr_eq(words[0], words[1], sizeof words[0]);
    lexicon_free(&lexicon);
}

/* Many words, so that different ones have the same bit. */
Test(match, what_bags_have_in_common_is_what_their_words_say)
{
    enum { BAGS = 80 };
    struct lexicon lexicon = {.failed = false};
    uint32_t bags[BAGS];
    for (int i = 0; i < BAGS; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "w%c%c w%c%c", 'a' + i / 20, 'a' + i % 20,
                       'a' + (i + 1) / 20, 'a' + (i + 1) % 20);
        bags[i] = lexicon_text_bag(&lexicon, text);
        lexicon_count(&lexicon, bags[i]);
    }
    lexicon_weigh(&lexicon);
    for (int i = 0; i < BAGS; i++) {
        for (int j = 0; j < BAGS; j++) {
            const struct bag *a = bag_at(&lexicon, bags[i]);
            const struct bag *b = bag_at(&lexicon, bags[j]);
            float common = bag_common(&lexicon, a, b);
            cr_expect_eq(common, bag_common_words(&lexicon, a, b), "%d %d", i, j);
            cr_expect_eq(common > 0, abs(i - j) <= 1, "%d %d", i, j);
        }
    }
    lexicon_free(&lexicon);
}
