/* test_affected.c - what a change may reach. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "tools/affected.h"

struct source {
    const char *path;
    const char *text;
};

static struct affected *affected;

static void give(const struct source *sources)
{
    affected = affected_new();
    cr_assert(affected);
    for (const struct source *source = sources; source->path; source++) {
        cr_assert_eq(affected_add(affected, source->path), ERR_OK);
    }
    cr_assert_eq(affected_package(affected, "@team/core", "packages/core"), ERR_OK);
    cr_assert_eq(affected_installed(affected, "react"), ERR_OK);
    cr_assert_eq(affected_installed(affected, "@scope/part"), ERR_OK);
    cr_assert_eq(affected_seal(affected), ERR_OK);
    for (const struct source *source = sources; source->path; source++) {
        size_t index = affected_find(affected, source->path);
        if (affected_wants(affected, index)) {
            cr_assert_eq(affected_scan(affected, index, source->text, strlen(source->text)),
                         ERR_OK);
        }
    }
}

/* True when the change reaches everything. */
static bool change(const char *path)
{
    bool all = false;
    const char *why = NULL;
    affected_change(affected, path);
    cr_assert_eq(affected_spread(affected, &all, &why), ERR_OK);
    cr_assert_eq(all, why != NULL);
    return all;
}

static bool reached(const char *path)
{
    size_t from = 0;
    size_t index = affected_find(affected, path);
    cr_assert_neq(index, SIZE_MAX, "%s", path);
    return affected_is(affected, index, &from);
}

static const struct source project[] = {
    {"src/sum.ts", "export const sum = 1"},
    {"src/mean.ts", "// don't\nimport { sum } from './sum.js'"},
    {"src/index.ts", "/* it's */ export * from './mean'"},
    {"src/ui/Button.tsx", "import '../style.css'; import x from \"@/sum\""},
    {"src/style.css", "a { background: url('./bg.svg') }"},
    {"src/bg.svg", ""},
    {"src/data/rates.json", "{}"},
    {"src/locales/de/a.json", "{}"},
    {"src/i18n.ts", "await import(`./locales/${lang}/a.json`)"},
    {"test/mean.test.ts", "import { mean } from '../src'"},
    {"test/button.test.tsx", "import { Button } from '~/ui/Button'; vi.mock('../src/i18n')"},
    {"test/rates.test.ts", "const file = 'src/data/rates.json'"},
    {"test/__snapshots__/rates.test.ts.snap", ""},
    {"test/core.test.ts", "import { core } from '@team/core/deep'"},
    {"test/run.test.ts", "import { spawn } from 'node:child_process'"},
    {"test/alone.test.ts", "test('nothing', () => {})"},
    {"test/words.test.ts", "/**\n * As `sum` does.\n */\n  // like 'mean'\n/** `open"},
    {"test/types.test.ts",
     "/** @type {import('../src/sum').Sum} */\n/// <reference path='../src/bg.svg' />"},
    {"test/glob.test.ts", "import.meta.glob('../src/ui/*.tsx')"},
    {"test/setup.ts", "import '../src/i18n'"},
    {"packages/core/src/core.ts", "export const core = 1"},
    {"packages/core/package.json", "{\"name\":\"@team/core\"}"},
    {"vitest.config.ts", "input: './src/index.ts',\n\nsetupFiles: ['./test/setup.ts']"},
    {"package-lock.json", "{}"},
    {"notes.md", ""},
    {"data.bin", ""},
    {NULL, NULL}};

static void set_up(void)
{
    give(project);
}

static void tear_down(void)
{
    affected_free(&affected);
    affected_free(&affected);
}

TestSuite(affected, .init = set_up, .fini = tear_down);

Test(affected, follows_imports_to_the_tests)
{
    cr_expect_not(change("src/sum.ts"));
    cr_expect(reached("src/mean.ts"), "by ./sum.js");
    cr_expect(reached("test/mean.test.ts"), "by the index of a directory");
    cr_expect(reached("test/button.test.tsx"), "by an alias");
    cr_expect_not(reached("test/alone.test.ts"));
    cr_expect_not(reached("test/rates.test.ts"));
    cr_expect_not(reached("test/core.test.ts"));
}

Test(affected, reads_no_names_in_comments_but_imports)
{
    cr_expect_not(change("src/sum.ts"));
    cr_expect_not(reached("test/words.test.ts"));
    cr_expect(reached("test/types.test.ts"));
    cr_expect_not(change("src/bg.svg"));
    cr_expect(reached("test/types.test.ts"));
}

Test(affected, reaches_the_package_of_a_configuration_that_is_no_runner_s)
{
    static const struct source site[] = {
        {"src/sum.ts", ""},
        {"test/sum.test.ts", "import '../src/sum'"},
        {"test/alone.test.ts", ""},
        {"test/core.test.ts", "import '@team/core'"},
        {"packages/core/src/core.ts", ""},
        {"packages/core/astro.config.ts", "import '../../src/sum'"},
        {"packages/core/package.json", "{\"name\":\"@team/core\"}"},
        {NULL, NULL}};
    affected_free(&affected);
    give(site);
    cr_expect_not(change("src/sum.ts"), "which it imports");
    cr_expect(reached("packages/core/src/core.ts"));
    cr_expect(reached("test/core.test.ts"));
    cr_expect_not(reached("test/alone.test.ts"));
    affected_free(&affected);
    give(site);
    cr_expect(change("packages/core/astro.config.ts"), "when it changes itself");
}

/* Types are stripped before tests run; what compiles or checks them says so. */
static const struct source typed[] = {
    {"src/money.ts", "export interface Money { cents: number }\nexport const zero = 0"},
    {"src/a.ts", "import type { Money } from './money'\nexport type * from './money'"},
    {"src/b.ts", "export type {\n  Money,\n  Other as Mine,\n}\n  from './money'"},
    {"src/c.ts", "import { type Money } from './money'"},
    {"src/d.ts", "import type from './money'"},
    {"src/e.ts", "import type { A } from './a'\nimport './money'"},
    {"src/f.ts", "export type A = 1\nimport { zero } from './money'"},
    {"src/g.ts", "vi.importActual<typeof import('./money')>('./money')"},
    {"src/h.ts", "import type Money from './money'"},
    {"src/dots.ts", "text.replace(',', '.').split('/') + '..'"},
    {"src/address.ts", "fetch('/money'); fetch(`/money/${id}`)"},
    {"src/root.ts", "import { zero } from '/src/money'"},
    {"src/named.ts", "load('/src/money.ts')"},
    {"src/here.ts", "import.meta.url; require.context('.', true)"},
    {"src/up/up.ts", "import all from '..'"},
    {NULL, NULL}};

static const char *const type_only[] = {"src/a.ts", "src/b.ts", "src/h.ts", NULL};
static const char *const by_value[] = {"src/c.ts", "src/d.ts", "src/e.ts",
                                       "src/f.ts", "src/g.ts", NULL};

Test(affected, leaves_out_who_imports_only_types)
{
    affected_free(&affected);
    give(typed);
    cr_expect_not(change("src/money.ts"));
    for (size_t i = 0; type_only[i]; i++) {
        cr_expect_not(reached(type_only[i]), "%s", type_only[i]);
    }
    for (size_t i = 0; by_value[i]; i++) {
        cr_expect(reached(by_value[i]), "%s", by_value[i]);
    }
}

Test(affected, follows_types_where_they_are_looked_at)
{
    affected_free(&affected);
    give(typed);
    affected_types(affected);
    cr_expect_not(change("src/money.ts"));
    for (size_t i = 0; type_only[i]; i++) {
        cr_expect(reached(type_only[i]), "%s", type_only[i]);
    }
}

Test(affected, takes_no_dot_for_a_directory_but_where_modules_are_named)
{
    affected_free(&affected);
    give(typed);
    cr_expect_not(change("src/money.ts"));
    cr_expect_not(reached("src/dots.ts"));
    cr_expect_not(reached("src/address.ts"));
    cr_expect(reached("src/root.ts"));
    cr_expect(reached("src/named.ts"));
    cr_expect(reached("src/here.ts"));
    cr_expect(reached("src/up/up.ts"));
}

static const struct source checked[] = {
    {"src/money.ts", "export const zero = 0"},
    {"src/a.test.ts", "import type { Money } from './money'"},
    {"vitest.config.ts", "test: { typecheck: { enabled: true } }"},
    {NULL, NULL}};

Test(affected, notices_a_configuration_that_checks_types)
{
    affected_free(&affected);
    give(checked);
    cr_expect_not(change("src/money.ts"));
    cr_expect(reached("src/a.test.ts"));
}

Test(affected, follows_what_is_no_code)
{
    cr_expect_not(change("src/bg.svg"));
    cr_expect(reached("test/button.test.tsx"));
    cr_expect_not(reached("test/mean.test.ts"));
    cr_expect_not(change("src/data/rates.json"));
    cr_expect(reached("test/rates.test.ts"), "by a way from the root");
}

Test(affected, takes_a_pattern_for_all_that_may_fit)
{
    cr_expect_not(change("src/ui/Button.tsx"));
    cr_expect(reached("test/glob.test.ts"));
    cr_expect(reached("test/button.test.tsx"));
}

Test(affected, knows_packages_of_the_workspace)
{
    cr_expect_not(change("packages/core/src/core.ts"));
    cr_expect(reached("test/core.test.ts"));
    cr_expect_not(reached("test/alone.test.ts"));
}

Test(affected, gives_a_snapshot_to_its_test)
{
    cr_expect_not(change("test/__snapshots__/rates.test.ts.snap"));
    cr_expect(reached("test/rates.test.ts"));
    cr_expect_not(reached("test/alone.test.ts"));
}

Test(affected, always_runs_what_starts_programs)
{
    cr_expect_not(change("test/alone.test.ts"));
    cr_expect(reached("test/run.test.ts"));
    cr_expect_not(reached("test/core.test.ts"));
}

Test(affected, runs_everything_for_what_all_depend_on)
{
    cr_expect(change("package-lock.json"));
}

Test(affected, runs_everything_for_the_configuration)
{
    cr_expect(change("vitest.config.ts"));
}

Test(affected, runs_everything_for_what_is_set_up_before)
{
    cr_expect(change("src/locales/de/a.json"), "by a template, then the set-up file");
}

Test(affected, does_not_take_the_entry_of_a_bundler_for_a_set_up)
{
    cr_expect_not(change("src/index.ts"));
}

Test(affected, runs_everything_for_data_that_nobody_names)
{
    cr_expect(change("data.bin"));
}

Test(affected, runs_nothing_for_prose)
{
    cr_expect_not(change("notes.md"));
    for (const struct source *source = project; source->path; source++) {
        cr_expect_eq(reached(source->path), strcmp(source->path, "notes.md") == 0, "%s",
                     source->path);
    }
}

Test(affected, takes_any_bytes)
{
    size_t index = affected_find(affected, "test/alone.test.ts");
    const char bytes[] = "'\0' `../../../..` \"/\" '.' '..' `${` '*' '?' '#' \"\xff\xfe\" 'a//b' `";
    cr_expect_eq(affected_scan(affected, index, bytes, sizeof bytes), ERR_OK);
    cr_expect_eq(affected_scan(affected, index, NULL, 0), ERR_OK);
    cr_expect_not(change("src/sum.ts"));
    cr_expect(reached("test/alone.test.ts"), "what is too long may depend on anything");
}

/* ---- inputs ---- */

/* The inputs of a file, by path, with a blank behind each; "?" when they cannot be told. */
static const char *inputs(const char *path)
{
    static char text[4096];
    const uint32_t *list;
    size_t count = 0;
    size_t why = 0;
    struct inputs *walk = inputs_new(affected);
    cr_assert(walk);
    size_t index = path ? affected_find(affected, path) : SIZE_MAX;
    bool told = inputs_of(walk, index, &list, &count, &why);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, affected_path(affected, list[i])), " ");
    }
    cr_expect_eq(told, why == SIZE_MAX);
    inputs_free(&walk);
    return told ? text : "?";
}

Test(affected, knows_the_inputs_of_a_test)
{
    cr_expect_str_eq(inputs("test/mean.test.ts"),
                     "src/index.ts src/mean.ts src/sum.ts test/mean.test.ts ");
    cr_expect_str_eq(inputs("test/rates.test.ts"),
                     "src/data/rates.json test/__snapshots__/rates.test.ts.snap "
                     "test/rates.test.ts ",
                     "with its snapshot");
    cr_expect_str_eq(inputs("test/glob.test.ts"), "src/bg.svg src/style.css src/sum.ts "
                                                  "src/ui/Button.tsx test/glob.test.ts ");
    cr_expect_str_eq(inputs("test/alone.test.ts"), "test/alone.test.ts ");
}

Test(affected, knows_what_every_test_depends_on)
{
    cr_expect_str_eq(inputs(NULL), "package-lock.json packages/core/package.json src/i18n.ts "
                                   "src/locales/de/a.json test/setup.ts vitest.config.ts ");
}

Test(affected, tells_no_inputs_of_what_uses_files_at_run_time)
{
    cr_expect_str_eq(inputs("test/run.test.ts"), "?");
    cr_expect_str_eq(inputs("test/core.test.ts"), "?", "a package that may have been built");
}

/* Its inputs as a file that imports nothing else. */
static bool tells(const char *text)
{
    size_t index = affected_find(affected, "test/alone.test.ts");
    cr_assert_eq(affected_scan(affected, index, text, strlen(text)), ERR_OK);
    return strcmp(inputs("test/alone.test.ts"), "?") != 0;
}

Test(affected, tells_no_inputs_of_what_it_cannot_follow)
{
    static const char *const good[] = {
        "import React from 'react'",
        "import x from \"@scope/part/deep\"",
        "import { join } from 'node:path'",
        "vi.mock<typeof import('../src/sum')>('../src/sum')",
        "const m = await import('../src/sum')",
        "get('./nowhere')",
        "get<T>('POST', '/x')",
        "// from `data`",
        "x.get('from') ?? ''",
        "importer(name)",
    };
    static const char *const bad[] = {
        "import x from './nowhere'", "import x from 'not-installed'",   "await import(name)",
        "require( name )",           "export * from 'virtual:x'",       "import fs from 'fs'",
        "import('../' + name)",      "importActual<A<B>>('./nowhere')",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(tells(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(tells(bad[i]), "%s", bad[i]);
    }
}
