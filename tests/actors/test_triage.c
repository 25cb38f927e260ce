/* test_triage.c - what becomes of a run's failures, from the result to the settled finding. */
#include <string.h>

#include "tests/actors/run_story.h"

static struct rt_address classifier, fixer, validator, healer;

static void open_all(void)
{
    story_open();
    classifier = probe_peer(probe, "classifier");
    fixer = probe_peer(probe, "fixer");
    validator = probe_peer(probe, "validator");
    healer = probe_peer(probe, "healer");
}

TestSuite(triage, .init = open_all, .fini = story_close);

static const char *const diff = "--- a/f0\n+++ b/f0\n@@ -1 +1 @@\n-a\n+b\n";

/* A run of one file, granted, with one failed test; what it saw may be NULL. */
static void fail_one(const struct msg_submit *with, const char *page)
{
    story_submit(with, 1);
    story_plan(1);
    story_pull();
    probe_send(probe, slot,
               MSG(test_done, .run = msg_str(RUN), .epoch = 1, .token = TOKEN + 1, .job = 0,
                   .index = 0, .test = msg_str("t0"), .status = TERM_status_FAILED, .line = 7,
                   .message = msg_str("it broke"), .page = msg_str(page)));
    (void)probe_trace(probe);
}

static void label(void)
{
    probe_answer(probe, classifier,
                 MSG(classified, .run = msg_str(RUN), .error = 1, .label = TERM_label_TYPESCRIPT,
                     .confidence = 0.5, .priority = 80, .queue = msg_str("typescript")));
}

/* The failure of a closed run, labelled; fixing or healing is what comes next. */
static void fail_and_label(enum term fix, enum term heal, const char *page)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    probe_role_up(probe, TERM_role_FIXER, fixer);
    probe_role_up(probe, TERM_role_VALIDATOR, validator);
    probe_role_up(probe, TERM_role_HEALER, healer);
    fail_one(&(struct msg_submit){.fix = (uint64_t)fix, .heal = (uint64_t)heal}, page);
    story_done(TOKEN + 1, 0, 1);
    label();
}

static void expect_trace(const char *word)
{
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, word), "\"%s\" is not in\n%s", word, trace);
}

static void ask_findings(void)
{
    (void)probe_trace(probe);
    probe_ask(probe, client, MSG(findings, .run = msg_str(RUN)), 0);
}

static void propose(uint64_t index, const char *source)
{
    struct rt_address remedy = probe_last_sender(probe, fixer);
    probe_send_to(probe, fixer, remedy,
                  MSG(candidate, .run = msg_str(RUN), .error = 1, .index = index,
                      .source = msg_str(source), .diff = msg_str(diff)));
}

static void end_candidates(uint64_t count)
{
    probe_answer(probe, fixer,
                 MSG(candidates, .run = msg_str(RUN), .error = 1, .count = count,
                     .reason = msg_str(count ? "" : "nothing comes to mind")));
}

static void prove(enum term proof)
{
    probe_answer(probe, validator,
                 MSG(validated, .run = msg_str(RUN), .error = 1, .proof = (uint64_t)proof,
                     .reason = msg_str("so it went")));
}

/* ---- labels ---- */

Test(triage, has_a_failure_classified_before_the_run_is_over)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    fail_one(&(struct msg_submit){.fix = 0}, NULL);
    story_done(TOKEN + 1, 0, 1);
    expect_trace("-> classifier ask CLASSIFY run=" RUN " error=1 file=f0 message=it broke\n");
    label();
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "ERROR_ROW run=" RUN " error=1 job=0 file=f0 test=t0 line=7 label=1 "
                            "confidence=0.5 priority=57 queue=typescript message=it broke cause="),
              "%s", trace);
    cr_expect(strstr(trace, "FOUND run=" RUN " error=1 more=false settled=true"), "%s", trace);
    cr_expect(!strstr(trace, "FIX_ROW"), "%s", trace);
}

Test(triage, waits_for_a_classifier_and_asks_again_when_it_fails)
{
    fail_one(&(struct msg_submit){.fix = 0}, NULL);
    story_done(TOKEN + 1, 0, 1);
    ask_findings();
    expect_trace("settled=false");
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    expect_trace("CLASSIFY run=" RUN " error=1");
    probe_advance(probe, 7000);
    expect_trace("CLASSIFY run=" RUN " error=1");
    label();
    ask_findings();
    expect_trace("settled=true");
}

Test(triage, has_nothing_to_do_with_what_passes)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    story_submit(&(struct msg_submit){.fix = TERM_mode_PROPOSE}, 1);
    story_plan(1);
    story_pull();
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    cr_expect_eq(story_count("CLASSIFY"), 0u);
    ask_findings();
    expect_trace("FOUND run=" RUN " error=0 more=false settled=true");
}

Test(triage, takes_no_label_that_it_does_not_know)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    fail_one(&(struct msg_submit){.fix = 0}, NULL);
    story_done(TOKEN + 1, 0, 1);
    probe_answer(probe, classifier,
                 MSG(classified, .run = msg_str(RUN), .error = 1, .label = 99, .confidence = 7,
                     .priority = 1000));
    ask_findings();
    expect_trace("label=4 confidence=0 priority=68");
}

/* ---- fixes ---- */

Test(triage, fixes_nothing_unless_it_is_wanted)
{
    fail_and_label(TERM_mode_OFF, TERM_mode_OFF, "a page");
    cr_expect_eq(story_count("FIX run"), 0u);
}

Test(triage, proves_candidates_in_their_order_until_one_passes)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_OFF, NULL);
    expect_trace("-> fixer ask FIX run=" RUN " error=1 label=1 dir=/project");
    propose(0, "first");
    propose(1, "second");
    propose(2, "third");
    end_candidates(3);
    expect_trace("VALIDATE run=" RUN " error=1 index=0");
    prove(TERM_proof_FAILED);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "VALIDATE run=" RUN " error=1 index=1"), "%s", trace);
    cr_expect(strstr(trace, "runner=command command=run {} file=f0"), "%s", trace);
    cr_expect(strstr(trace, "heal=false apply=false"), "%s", trace);
    prove(TERM_proof_PASSED);
    expect_trace("VALIDATE run=" RUN " error=1 index=1");
    prove(TERM_proof_PASSED);
    cr_expect_eq(story_count("VALIDATE"), 0u, "the third is not needed");
    probe_ask(probe, client, MSG(status, .drain = false), 0);
    expect_trace("errors_typescript=1 errors_react=0 errors_test=0 errors_general=0 "
                 "fixes_validated=1 fixes_rejected=0 fixes_applied=0 fixes_none=0 heals_healed=0");
    ask_findings();
    expect_trace("FIX_ROW run=" RUN " error=1 status=1 source=second votes_for=1 votes_against=2 "
                 "candidates=3 diff=--- a/f0");
}

Test(triage, rejects_when_no_candidate_passes)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_OFF, NULL);
    propose(0, "only");
    end_candidates(1);
    prove(TERM_proof_REFUSED);
    ask_findings();
    expect_trace("FIX_ROW run=" RUN " error=1 status=2 source= votes_for=0 votes_against=0 "
                 "candidates=1 diff= reason=so it went\n");
}

Test(triage, says_why_there_is_no_candidate)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_OFF, NULL);
    end_candidates(0);
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "status=4"), "%s", trace);
    cr_expect(strstr(trace, "reason=nothing comes to mind"), "%s", trace);
    cr_expect(strstr(trace, "settled=true"), "%s", trace);
}

Test(triage, applies_only_when_told_to)
{
    fail_and_label(TERM_mode_APPLY, TERM_mode_OFF, NULL);
    propose(0, "only");
    end_candidates(1);
    expect_trace("heal=false apply=false");
    prove(TERM_proof_PASSED);
    expect_trace("heal=false apply=true");
    prove(TERM_proof_APPLIED);
    ask_findings();
    expect_trace("FIX_ROW run=" RUN " error=1 status=3 source=only");
}

Test(triage, a_fix_that_flickers_is_none)
{
    fail_and_label(TERM_mode_APPLY, TERM_mode_OFF, NULL);
    propose(0, "only");
    end_candidates(1);
    prove(TERM_proof_PASSED);
    prove(TERM_proof_FAILED);
    ask_findings();
    expect_trace("FIX_ROW run=" RUN " error=1 status=2 source= votes_for=0");
}

Test(triage, a_doubtful_candidate_is_proposed_and_never_applied)
{
    fail_and_label(TERM_mode_APPLY, TERM_mode_OFF, NULL);
    struct rt_address remedy = probe_last_sender(probe, fixer);
    probe_send_to(probe, fixer, remedy,
                  MSG(candidate, .run = msg_str(RUN), .error = 1, .source = msg_str("only"),
                      .diff = msg_str(diff), .doubt = msg_str("two would do")));
    end_candidates(1);
    expect_trace("heal=false apply=false");
    prove(TERM_proof_PASSED);
    expect_trace("heal=false apply=false");
    prove(TERM_proof_PASSED);
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "status=1 source=only"), "%s", trace);
    cr_expect(strstr(trace, "reason=two would do"), "%s", trace);
}

Test(triage, asks_a_fixer_again_that_was_lost_and_gives_up_in_the_end)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_OFF, NULL);
    for (int i = 0; i < 2; i++) {
        expect_trace("-> fixer ask FIX");
        probe_answer(probe, fixer, MSG(failed, .type = MSG_FIX, .reason = ERR_CRASHED));
        probe_advance(probe, 1000);
    }
    expect_trace("-> fixer ask FIX");
    probe_answer(probe, fixer, MSG(failed, .type = MSG_FIX, .reason = ERR_CRASHED));
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "status=4") && strstr(trace, "nobody answered"), "%s", trace);
}

Test(triage, does_without_a_role_that_nobody_plays)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    fail_one(&(struct msg_submit){.fix = TERM_mode_PROPOSE}, NULL);
    story_done(TOKEN + 1, 0, 1);
    label();
    ask_findings();
    expect_trace("settled=false");
    probe_advance(probe, 11000);
    ask_findings();
    expect_trace("settled=true");
}

/* ---- heals ---- */

static void heal_as_sure_as(enum term status, double confidence)
{
    probe_answer(probe, healer,
                 MSG(healed, .run = msg_str(RUN), .error = 1, .status = (uint64_t)status,
                     .file = msg_str("f0"), .line = 3, .before = msg_str("getByTestId('a')"),
                     .after = msg_str("getByTestId('b')"), .confidence = confidence,
                     .diff = msg_str(diff), .reason = msg_str("same role and name")));
}

static void heal(enum term status)
{
    heal_as_sure_as(status, 0.75);
}

Test(triage, proves_a_heal_before_it_is_proposed)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_PROPOSE, "what it saw");
    expect_trace("-> healer ask HEAL run=" RUN " error=1");
    heal(TERM_heal_PROPOSED);
    expect_trace("heal=true apply=false");
    prove(TERM_proof_PASSED);
    prove(TERM_proof_PASSED);
    cr_expect_eq(story_count("FIX run"), 0u, "a healed locator needs no fix");
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace,
                     "HEAL_ROW run=" RUN " error=1 status=2 file=f0 line=3 before=getByTestId('a') "
                     "after=getByTestId('b') confidence=0.75"),
              "%s", trace);
    cr_expect(strstr(trace, "reason=same role and name; passed 2 of 2 times with it"), "%s", trace);
}

Test(triage, applies_a_heal_with_its_second_proof)
{
    fail_and_label(TERM_mode_OFF, TERM_mode_APPLY, "what it saw");
    heal(TERM_heal_PROPOSED);
    expect_trace("heal=true apply=false");
    prove(TERM_proof_PASSED);
    expect_trace("heal=true apply=true");
    prove(TERM_proof_APPLIED);
    ask_findings();
    expect_trace("HEAL_ROW run=" RUN " error=1 status=1");
}

Test(triage, only_proposes_a_doubtful_heal_and_proves_it_more_often)
{
    fail_and_label(TERM_mode_OFF, TERM_mode_APPLY, "what it saw");
    heal_as_sure_as(TERM_heal_PROPOSED, 0.5);
    for (int i = 0; i < 5; i++) {
        expect_trace("heal=true apply=false");
        prove(TERM_proof_PASSED);
    }
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "HEAL_ROW run=" RUN " error=1 status=2"), "%s", trace);
    cr_expect(strstr(trace, "; passed 5 of 5 times with it"), "%s", trace);
}

Test(triage, refuses_a_heal_that_makes_the_test_pass_sometimes)
{
    fail_and_label(TERM_mode_OFF, TERM_mode_PROPOSE, "what it saw");
    heal(TERM_heal_PROPOSED);
    prove(TERM_proof_PASSED);
    prove(TERM_proof_FAILED);
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "HEAL_ROW run=" RUN " error=1 status=3"), "%s", trace);
    cr_expect(strstr(trace, "reason=so it went (after 1 passes)"), "%s", trace);
}

Test(triage, refuses_a_heal_that_does_not_make_the_test_pass)
{
    fail_and_label(TERM_mode_OFF, TERM_mode_PROPOSE, "what it saw");
    heal(TERM_heal_PROPOSED);
    prove(TERM_proof_FAILED);
    ask_findings();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "HEAL_ROW run=" RUN " error=1 status=3"), "%s", trace);
    cr_expect(strstr(trace, "reason=so it went"), "%s", trace);
}

Test(triage, leaves_a_refused_heal_alone)
{
    fail_and_label(TERM_mode_PROPOSE, TERM_mode_PROPOSE, "what it saw");
    heal(TERM_heal_REFUSED);
    cr_expect_eq(story_count("VALIDATE"), 0u);
    ask_findings();
    expect_trace("HEAL_ROW run=" RUN " error=1 status=3");
}

/* ---- reports ---- */

Test(triage, lists_runs_that_are_to_be_reported_until_they_are)
{
    probe_role_up(probe, TERM_role_CLASSIFIER, classifier);
    fail_one(&(struct msg_submit){.origin = msg_str("github:a/b#1@0")}, NULL);
    probe_ask(probe, client, MSG(reports_due, .after = msg_str("")), 0);
    expect_trace("REPORT_ROW run=" RUN " origin=github:a/b#1@0 settled=false");
    story_done(TOKEN + 1, 0, 1);
    label();
    probe_ask(probe, client, MSG(reports_due, .after = msg_str("")), 0);
    expect_trace("REPORT_ROW run=" RUN " origin=github:a/b#1@0 settled=true");
    probe_ask(probe, client, MSG(reported, .run = msg_str(RUN)), 0);
    expect_trace("REPORTED_ACK run=" RUN);
    probe_ask(probe, client, MSG(reports_due, .after = msg_str("")), 0);
    cr_expect_eq(story_count("REPORT_ROW"), 0u);
}

Test(triage, says_when_there_is_no_such_run)
{
    ask_findings();
    expect_trace("FAILED type=");
    probe_ask(probe, client, MSG(findings, .run = msg_str("short")), 0);
    expect_trace("FAILED type=");
}
