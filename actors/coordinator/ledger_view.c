/* ledger_view.c - see ledger_view.h. */
#include "actors/coordinator/ledger_view.h"

#include <string.h>

struct view {
    const char *name;
    /* ?1 run, ?2 after, ?3 most rows, ?4 word, ?5 now. */
    const char *sql;
    bool counted; /* `after` is rows to pass over; else the number in the second column */
};

/* Each statement has all of them, used or not. */
#define ARGS   "WITH look AS (SELECT ?1, ?2, ?3, ?4, ?5) "
#define RUN_NO "(SELECT no FROM run WHERE id = ?1)"
/* Texts of strangers are long; a page shows their beginning. */
#define CUT(text)      "substr(" text ", 1, 4000)"
#define CONTAINS(text) "(?4 = '' OR instr(lower(" text "), lower(?4)) > 0)"
#define PAGE           " LIMIT ?3 OFFSET ?2"
#define DAY_MS         "86400000"

#define RUN_OBJECT                                                                                 \
    "json_object('no', no, 'id', id, 'dir', dir, 'runner', CASE WHEN runner_found <> '' THEN"      \
    " runner_found ELSE runner END, 'version', version, 'origin', origin, 'accepted_ms',"          \
    " accepted_ms, 'wall_ms', wall_ms, 'verdict', verdict, 'reason', reason, 'note', note,"        \
    " 'listed', listed, 'planned', planned, 'held', held, 'settled', settled, 'pruned', pruned,"   \
    " 'serial', serial, 'workers', workers, 'retries', retries, 'files', files, 'files_done',"     \
    " files_done, 'files_failed', files_failed, 'files_lost', files_lost, 'files_flaky',"          \
    " files_flaky, 'files_cached', files_cached, 'files_not_affected', files_not_affected,"        \
    " 'tests_planned', tests_planned, 'tests_passed', tests_passed, 'tests_failed',"               \
    " tests_failed, 'tests_skipped', tests_skipped, 'tests_flaky', tests_flaky, 'tests_lost',"     \
    " tests_lost, 'cpu_us', cpu_us, 'slot_us', slot_us, 'usd', usd, 'budget', budget, 'waiting',"  \
    " CASE WHEN verdict = 0 THEN (SELECT count(*) FROM job WHERE job.run = run.no AND state = 0)"  \
    " ELSE 0 END, 'running',"                                                                      \
    " CASE WHEN verdict = 0 THEN (SELECT count(*) FROM job WHERE job.run = run.no AND state = 1)"  \
    " ELSE 0 END)"

#define EVENT_OBJECT                                                                               \
    "json_object('no', no, 'at_ms', at_ms, 'run', run, 'kind', kind, 'number', number, 'value',"   \
    " value, 'who', who, 'text', " CUT("text") ")"

#define ERROR_OF(f)                                                                                \
    " JOIN run r ON r.no = " f ".run JOIN job j ON j.run = " f ".run AND j.job = " f ".job"        \
    " LEFT JOIN test t ON t.run = " f ".run AND t.job = " f ".job AND t.place = " f ".place"

static const struct view views[] = {
    {"runs",
     ARGS "SELECT " RUN_OBJECT ", no FROM run WHERE (?2 = 0 OR no < ?2) AND " CONTAINS(
         "dir") " ORDER BY no DESC LIMIT ?3",
     false},
    {"run", ARGS "SELECT " RUN_OBJECT ", no FROM run WHERE id = ?1 AND no > ?2 LIMIT ?3", false},
    {"today",
     ARGS "SELECT json_object('runs', count(*), 'passed', sum(verdict = 1), 'failed',"
          " sum(verdict = 2), 'usd', total(usd), 'slot_us', total(slot_us), 'files',"
          " sum(files_done)), 1 FROM run WHERE accepted_ms >= ?5 - ?5 % " DAY_MS
          " HAVING ?2 = 0 LIMIT ?3",
     false},
    /* In the order of the numbers of jobs; `after` is rows to pass over, so that a list can begin
     * anywhere. */
    {"files",
     ARGS "SELECT json_object('job', job, 'file', file, 'state', state, 'status', status,"
          " 'outcome', outcome, 'worker', worker, 'attempts', attempts, 'position', position,"
          " 'expected_us', expected_us, 'duration_us', duration_us, 'started_ms', started_ms,"
          " 'ended_ms', ended_ms, 'planned', planned, 'passed', passed, 'failed', failed,"
          " 'skipped', skipped, 'flaky', flaky, 'lost', lost, 'cached', cached, 'audited',"
          " audited, 'message', substr(message, 1, 300)), 0"
          " FROM job WHERE run = " RUN_NO " AND " CONTAINS("file") " ORDER BY job" PAGE,
     true},
    /* What is passed over is passed over before anything else is looked at. */
    {"tests",
     ARGS "SELECT json_object('job', t.job, 'place', t.place, 'file', j.file, 'name', t.name,"
          " 'status', t.status, 'duration_us', t.duration_us, 'line', t.line, 'quarantined',"
          " t.quarantined, 'message', substr(t.message, 1, 300)), 0 FROM (SELECT run, job, place"
          " FROM test WHERE run = " RUN_NO " AND " CONTAINS(
              "name") " ORDER BY job, place" PAGE ") k"
                      " JOIN test t ON t.run = k.run AND t.job = k.job AND t.place = k.place"
                      " JOIN job j ON j.run = t.run AND j.job = t.job ORDER BY t.job, t.place",
     true},
    {"failures",
     ARGS
     "SELECT json_object('job', j.job, 'place', coalesce(t.place, -1), 'file',"
     " j.file, 'name', coalesce(t.name, ''), 'status', coalesce(t.status, j.status), 'duration_us',"
     " coalesce(t.duration_us, j.duration_us), 'line', coalesce(t.line, 0), 'message', " CUT(
         "coalesce(nullif(t.message, ''), j.message)") "), 0 FROM job j LEFT JOIN test t"
                                                       " ON t.run = j.run AND t.job = j.job AND "
                                                       "t.status IN (2, 4) WHERE j.run = " RUN_NO
                                                       " AND (t.status IS NOT NULL OR j.status IN "
                                                       "(2, 5)) ORDER BY j.job, t.place" PAGE,
     true},
    {"errors",
     ARGS "SELECT json_object('run', r.id, 'error', f.error, 'file', j.file, 'test',"
          " coalesce(t.name, ''), 'line', coalesce(t.line, 0), 'state', f.state, 'label',"
          " f.label, 'confidence', f.confidence, 'queue', f.queue, 'why', f.why, 'cause',"
          " printf('%016x', f.cause), 'occurrences', coalesce(c.occurrences, 1), 'score',"
          " coalesce(c.score, f.priority), 'is_new', coalesce(c.is_new, 0), 'noted_ms',"
          " f.noted_ms, 'message', " CUT(
              "coalesce(t.message, j.message)") "), 0"
                                                " FROM finding f" ERROR_OF(
                                                    "f") " LEFT JOIN cause c ON c.run = f.run AND "
                                                         "c.cause = f.cause"
                                                         " WHERE (?1 = '' OR f.run = " RUN_NO
                                                         ") ORDER BY f.run DESC, f.error" PAGE,
     true},
    {"fixes",
     ARGS
     "SELECT json_object('run', r.id, 'error', x.error, 'file', j.file, 'test',"
     " coalesce(t.name, ''), 'status', x.status, 'decision', coalesce(d.state, 0), 'source',"
     " x.source, 'votes_for', x.votes_for, 'votes_against', x.votes_against, 'candidates',"
     " x.candidates, 'diff', x.diff, 'reason', x.reason, 'message', " CUT(
         "coalesce(t.message, j.message)") ", 'tried', (SELECT json_group_array("
                                           "json_object('place', k.place, 'source', k.source, "
                                           "'votes', k.votes, 'proof', k.proof,"
                                           " 'passes', k.passes, 'proofs', k.proofs, 'reason', "
                                           "k.reason, 'diff', " CUT(
                                               "k.diff") ")) FROM candidate k WHERE k.run = x.run "
                                                         "AND k.error = x.error)), 0"
                                                         " FROM fix x JOIN finding f ON f.run = "
                                                         "x.run AND f.error = x.error" ERROR_OF(
                                                             "f") " LEFT JOIN decision d ON d.run "
                                                                  "= x.run AND d.error = x.error"
                                                                  " WHERE (?1 = '' OR x.run "
                                                                  "= " RUN_NO ") ORDER BY x.run "
                                                                  "DESC, x.error" PAGE,
     true},
    {"heals",
     ARGS "SELECT json_object('run', r.id, 'error', h.error, 'test', coalesce(t.name, ''),"
          " 'status', h.status, 'file', h.file, 'line', h.line, 'before', h.old, 'after', h.new,"
          " 'confidence', h.confidence, 'diff', h.diff, 'reason', h.reason), 0"
          " FROM heal h JOIN finding f ON f.run = h.run AND f.error = h.error" ERROR_OF(
              "f") " WHERE (?1 = '' OR h.run = " RUN_NO ") ORDER BY h.run DESC, h.error" PAGE,
     true},
    /* What waits or is under way, in the order in which it is given out. */
    {"queue",
     ARGS "SELECT json_object('run', r.id, 'dir', r.dir, 'job', j.job, 'file', j.file, 'state',"
          " j.state, 'position', j.position, 'expected_us', j.expected_us, 'worker', j.worker,"
          " 'attempts', j.attempts, 'started_ms', j.started_ms), 0"
          " FROM run r JOIN job j ON j.run = r.no AND j.state < 3 WHERE r.verdict = 0"
          " ORDER BY r.no, j.state DESC, j.position" PAGE,
     true},
    {"dead",
     ARGS
     "SELECT json_object('run', r.id, 'dir', r.dir, 'job', j.job, 'file', j.file, 'outcome',"
     " j.outcome, 'worker', j.worker, 'attempts', j.attempts, 'crashes', j.crashes,"
     " 'infra', j.infra, 'ended_ms', j.ended_ms, 'message', " CUT(
         "j.message") "), 0"
                      " FROM run r JOIN job j ON j.run = r.no AND j.state = 5"
                      " WHERE r.files_lost > 0 OR r.verdict = 0 ORDER BY r.no DESC, j.job" PAGE,
     true},
    {"events",
     ARGS "SELECT " EVENT_OBJECT ", no FROM event WHERE no > ?2 AND (?1 = '' OR run = ?1)"
          " AND " CONTAINS("kind") " ORDER BY no LIMIT ?3",
     false},
    /* The number of the latest event, in one row. */
    {"head",
     ARGS "SELECT json_object('no', no), no FROM event WHERE ?2 = 0 ORDER BY no DESC"
          " LIMIT min(1, ?3)",
     false},
    /* The months' costs, latest first. */
    {"months",
     ARGS "SELECT json_object('month', month, 'slot_us', slot_us, 'usd', usd), month FROM month"
          " WHERE ?2 = 0 ORDER BY month DESC LIMIT min(24, ?3)",
     false},
};

static const struct view *find(struct msg_str name)
{
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        if (msg_str_is(name, views[i].name)) {
            return &views[i];
        }
    }
    return NULL;
}

/* False: there is no room for it. */
static bool add(struct ledger_looked *to, struct msg_str row)
{
    size_t comma = to->size > 0;
    if (row.size + comma > sizeof to->rows - 1 - to->size) {
        return false;
    }
    if (comma) {
        to->rows[to->size++] = ',';
    }
    memcpy(to->rows + to->size, row.at, row.size);
    to->size += row.size;
    to->rows[to->size] = '\0';
    return true;
}

enum err ledger_view(struct store_txn *txn, const struct ledger_look *look,
                     struct ledger_looked *ret_looked)
{
    const struct view *view = find(look->view);
    struct store_rows rows;
    size_t count = 0;
    if (!view) {
        return ERR_NOT_FOUND;
    }
    if (view->counted && look->after > LEDGER_VIEW_AFTER_MAX) {
        return ERR_LIMIT;
    }
    *ret_looked = (struct ledger_looked){.reached = look->after};
    store_query(txn, view->sql,
                STORE_WITH(store_text(look->run), store_u64(look->after),
                           store_u64(LEDGER_VIEW_ROWS_MAX + 1), store_text(look->word),
                           store_u64(look->wall_ms)),
                &rows);
    while (store_next(&rows)) {
        struct msg_str row = store_column_text(&rows, 0);
        bool fits = count < LEDGER_VIEW_ROWS_MAX && add(ret_looked, row);
        if (!fits && ret_looked->size > 0) {
            ret_looked->more = true;
            break;
        }
        count++;
        ret_looked->reached = view->counted ? look->after + count : store_column_u64(&rows, 1);
    }
    return store_rows_end(&rows);
}

/* ---- events ---- */

enum err ledger_events(struct store_txn *txn, struct msg_str run, uint64_t after,
                       void (*take)(void *arg, const struct ledger_event *event), void *arg)
{
    struct store_rows rows;
    store_query(txn,
                "SELECT no, at_ms, run, kind, number, value, who, text, " EVENT_OBJECT
                " FROM event WHERE no > ?1 AND (?2 = '' OR run = ?2) ORDER BY no",
                STORE_WITH(store_u64(after), store_text(run)), &rows);
    while (store_next(&rows)) {
        const struct ledger_event event = {
            .no = store_column_u64(&rows, 0),
            .at_ms = store_column_u64(&rows, 1),
            .run = store_column_text(&rows, 2),
            .kind = store_column_text(&rows, 3),
            .number = store_column_u64(&rows, 4),
            .value = store_column_u64(&rows, 5),
            .who = store_column_text(&rows, 6),
            .text = store_column_text(&rows, 7),
            .json = store_column_text(&rows, 8),
        };
        take(arg, &event);
    }
    return store_rows_end(&rows);
}

enum err ledger_events_begin(struct store_txn *txn, uint64_t count, uint64_t *ret_after)
{
    struct store_rows rows;
    *ret_after = 0;
    store_query(txn, "SELECT max(no) FROM event", STORE_WITHOUT, &rows);
    if (store_next(&rows)) {
        uint64_t newest = store_column_u64(&rows, 0);
        *ret_after = newest > count ? newest - count : 0;
    }
    return store_rows_end(&rows);
}
