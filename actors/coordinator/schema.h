/* schema.h - the tables of the ledger; included by ledger.c alone.
 *
 * A released script never changes; a new version is one more script at the end.  Numbers of states,
 * statuses, outcomes and verdicts are those of lease.h and terms.def.  Lengths of text are checked
 * before it comes here.
 */
#ifndef ACTORS_COORDINATOR_SCHEMA_H
#define ACTORS_COORDINATOR_SCHEMA_H

/* The time of the event before, for one without its own. */
#define EVENT_NOW " SELECT coalesce((SELECT at_ms FROM event ORDER BY no DESC LIMIT 1), 0)"

#define LEDGER_APPLICATION_ID 0x74727031u /* "trp1" */

static const char schema_runs[] =
    /* One row.  Who writes under an older epoch is refused. */
    "CREATE TABLE meta ("
    "  one   INTEGER PRIMARY KEY CHECK (one = 1),"
    "  epoch INTEGER NOT NULL);"
    "INSERT INTO meta VALUES (1, 0);"

    "CREATE TABLE run ("
    "  no            INTEGER PRIMARY KEY,"
    "  id            TEXT NOT NULL UNIQUE,"
    /* as submitted */
    "  dir           TEXT NOT NULL,"
    "  runner        TEXT NOT NULL,"
    "  command       TEXT NOT NULL,"
    "  env           TEXT NOT NULL,"
    "  root          TEXT NOT NULL,"
    "  snapshot      TEXT NOT NULL,"
    "  workers       INTEGER NOT NULL,"
    "  retries       INTEGER NOT NULL,"
    "  fail_fast     INTEGER NOT NULL,"
    "  timeout_ms    INTEGER NOT NULL,"
    "  files_named   INTEGER NOT NULL,"
    "  accepted_ms   INTEGER NOT NULL,"
    /* as listed and planned */
    "  runner_found  TEXT NOT NULL DEFAULT '',"
    "  version       TEXT NOT NULL DEFAULT '',"
    "  serial        INTEGER NOT NULL DEFAULT 0,"
    "  shared        INTEGER NOT NULL DEFAULT 0,"
    "  files         INTEGER NOT NULL DEFAULT 0,"
    "  listed        INTEGER NOT NULL DEFAULT 0,"
    "  planned       INTEGER NOT NULL DEFAULT 0,"
    /* how far it has come */
    "  seq           INTEGER NOT NULL DEFAULT 0,"
    "  files_done    INTEGER NOT NULL DEFAULT 0,"
    /* its end */
    "  verdict       INTEGER NOT NULL DEFAULT 0 CHECK (verdict BETWEEN 0 AND 5),"
    "  reason        TEXT NOT NULL DEFAULT '',"
    "  wall_ms       INTEGER NOT NULL DEFAULT 0,"
    "  cpu_us        INTEGER NOT NULL DEFAULT 0,"
    "  files_planned INTEGER NOT NULL DEFAULT 0,"
    "  files_passed  INTEGER NOT NULL DEFAULT 0,"
    "  files_failed  INTEGER NOT NULL DEFAULT 0,"
    "  files_skipped INTEGER NOT NULL DEFAULT 0,"
    "  files_flaky   INTEGER NOT NULL DEFAULT 0,"
    "  files_lost    INTEGER NOT NULL DEFAULT 0,"
    "  tests_planned INTEGER NOT NULL DEFAULT 0,"
    "  tests_passed  INTEGER NOT NULL DEFAULT 0,"
    "  tests_failed  INTEGER NOT NULL DEFAULT 0,"
    "  tests_skipped INTEGER NOT NULL DEFAULT 0,"
    "  tests_flaky   INTEGER NOT NULL DEFAULT 0,"
    "  tests_lost    INTEGER NOT NULL DEFAULT 0,"
    "  pruned        INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX run_open ON run (no) WHERE verdict = 0;"
    "CREATE INDEX run_kept ON run (no) WHERE verdict > 0 AND pruned = 0;"

    /* What is known of a file's time: a moving average, and the two durations before the next. */
    "CREATE TABLE history ("
    "  project     TEXT NOT NULL,"
    "  runner      TEXT NOT NULL,"
    "  file        TEXT NOT NULL,"
    "  expected_us INTEGER NOT NULL,"
    "  last_us     INTEGER NOT NULL,"
    "  before_us   INTEGER NOT NULL,"
    "  tests       INTEGER NOT NULL,"
    "  runs        INTEGER NOT NULL,"
    "  PRIMARY KEY (project, runner, file)) WITHOUT ROWID;";

static const char schema_jobs[] =
    "CREATE TABLE job ("
    "  run         INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,"
    "  job         INTEGER NOT NULL,"
    "  file        TEXT NOT NULL,"
    "  position    INTEGER NOT NULL,"
    "  expected_us INTEGER NOT NULL DEFAULT 0,"
    /* its lease */
    "  state       INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 3, 4, 5)),"
    "  token       INTEGER NOT NULL DEFAULT 0,"
    "  worker      TEXT NOT NULL DEFAULT '',"
    "  attempts    INTEGER NOT NULL DEFAULT 0,"
    "  crashes     INTEGER NOT NULL DEFAULT 0,"
    "  infra       INTEGER NOT NULL DEFAULT 0,"
    "  poison      INTEGER NOT NULL DEFAULT 0,"
    "  failures    INTEGER NOT NULL DEFAULT 0,"
    /* its result: of the file, and counts of its tests */
    "  seq         INTEGER NOT NULL DEFAULT 0,"
    "  status      INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 5),"
    "  outcome     INTEGER NOT NULL DEFAULT 0,"
    "  file_failed INTEGER NOT NULL DEFAULT 0,"
    "  planned     INTEGER NOT NULL DEFAULT 0,"
    "  passed      INTEGER NOT NULL DEFAULT 0,"
    "  failed      INTEGER NOT NULL DEFAULT 0,"
    "  skipped     INTEGER NOT NULL DEFAULT 0,"
    "  flaky       INTEGER NOT NULL DEFAULT 0,"
    "  lost        INTEGER NOT NULL DEFAULT 0,"
    "  duration_us INTEGER NOT NULL DEFAULT 0,"
    "  cpu_us      INTEGER NOT NULL DEFAULT 0,"
    "  digest      INTEGER NOT NULL DEFAULT 0,"
    "  message     TEXT NOT NULL DEFAULT '',"
    "  CHECK ((state < 3) = (status = 0)),"
    "  CHECK ((state < 3) = (seq = 0)),"
    "  CHECK (planned = passed + failed + skipped + flaky + lost),"
    "  PRIMARY KEY (run, job)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX job_seq ON job (run, seq) WHERE seq > 0;"

    "CREATE TABLE test ("
    "  run         INTEGER NOT NULL,"
    "  job         INTEGER NOT NULL,"
    "  place       INTEGER NOT NULL,"
    "  name        TEXT NOT NULL,"
    "  status      INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),"
    "  duration_us INTEGER NOT NULL,"
    "  line        INTEGER NOT NULL,"
    "  col         INTEGER NOT NULL,"
    "  message     TEXT NOT NULL,"
    "  PRIMARY KEY (run, job, place),"
    "  FOREIGN KEY (run, job) REFERENCES job (run, job) ON DELETE CASCADE) WITHOUT ROWID;"

    /* Tests that failed in attempts that did not count: they are flaky when they pass later. */
    "CREATE TABLE failure ("
    "  run  INTEGER NOT NULL,"
    "  job  INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  PRIMARY KEY (run, job, name),"
    "  FOREIGN KEY (run, job) REFERENCES job (run, job) ON DELETE CASCADE) WITHOUT ROWID;";

static const char schema_findings[] =
    /* What becomes of a run after its verdict, and who is to hear of it. */
    "ALTER TABLE run ADD COLUMN fix INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN heal INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX run_unsettled ON run (no) WHERE settled = 0;"
    "CREATE INDEX run_unreported ON run (no) WHERE origin <> '' AND reported = 0;"
    /* Of several runners, the one whose file it is; empty: the run's only one. */
    "ALTER TABLE job ADD COLUMN runner TEXT NOT NULL DEFAULT '';"

    /* One failure: of a test (its place), or of the file itself (place -1). */
    "CREATE TABLE finding ("
    "  run        INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,"
    "  error      INTEGER NOT NULL,"
    "  job        INTEGER NOT NULL,"
    "  place      INTEGER NOT NULL,"
    "  state      INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),"
    "  label      INTEGER NOT NULL DEFAULT 0,"
    "  confidence REAL NOT NULL DEFAULT 0,"
    "  priority   INTEGER NOT NULL DEFAULT 0,"
    "  queue      TEXT NOT NULL DEFAULT '',"
    "  model      TEXT NOT NULL DEFAULT '',"
    "  why        TEXT NOT NULL DEFAULT '',"
    "  PRIMARY KEY (run, error)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX finding_place ON finding (run, job, place);"
    "CREATE INDEX finding_state ON finding (run, state, error);"

    "CREATE TABLE fix ("
    "  run           INTEGER NOT NULL,"
    "  error         INTEGER NOT NULL,"
    "  status        INTEGER NOT NULL,"
    "  source        TEXT NOT NULL,"
    "  votes_for     INTEGER NOT NULL,"
    "  votes_against INTEGER NOT NULL,"
    "  candidates    INTEGER NOT NULL,"
    "  diff          TEXT NOT NULL,"
    "  reason        TEXT NOT NULL,"
    "  PRIMARY KEY (run, error),"
    "  FOREIGN KEY (run, error) REFERENCES finding (run, error) ON DELETE CASCADE) WITHOUT ROWID;"

    "CREATE TABLE heal ("
    "  run        INTEGER NOT NULL,"
    "  error      INTEGER NOT NULL,"
    "  status     INTEGER NOT NULL,"
    "  file       TEXT NOT NULL,"
    "  line       INTEGER NOT NULL,"
    "  old        TEXT NOT NULL,"
    "  new        TEXT NOT NULL,"
    "  confidence REAL NOT NULL,"
    "  diff       TEXT NOT NULL,"
    "  reason     TEXT NOT NULL,"
    "  PRIMARY KEY (run, error),"
    "  FOREIGN KEY (run, error) REFERENCES finding (run, error) ON DELETE CASCADE) WITHOUT ROWID;"

    /* What browser tests saw: of failed ones, and the last time that each passed. */
    "CREATE TABLE page ("
    "  run   INTEGER NOT NULL,"
    "  job   INTEGER NOT NULL,"
    "  place INTEGER NOT NULL,"
    "  seen  TEXT NOT NULL,"
    "  PRIMARY KEY (run, job, place)) WITHOUT ROWID;"
    "CREATE TABLE known ("
    "  project TEXT NOT NULL,"
    "  file    TEXT NOT NULL,"
    "  test    TEXT NOT NULL,"
    "  seen    TEXT NOT NULL,"
    "  PRIMARY KEY (project, file, test)) WITHOUT ROWID;";

/* A run whose code somebody still has to bring. */
static const char schema_held[] = "ALTER TABLE run ADD COLUMN held INTEGER NOT NULL DEFAULT 0;";

static const char schema_affected[] =
    "ALTER TABLE run ADD COLUMN affected INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN files_not_affected INTEGER NOT NULL DEFAULT 0;"
    /* What changes reach: of an affected run only that is run of what is listed. */
    "CREATE TABLE named ("
    "  run  INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,"
    "  file TEXT NOT NULL,"
    "  why  TEXT NOT NULL,"
    "  PRIMARY KEY (run, file)) WITHOUT ROWID;";

static const char schema_fixes[] =
    /* What was tried for an error, best first. */
    "CREATE TABLE candidate ("
    "  run    INTEGER NOT NULL,"
    "  error  INTEGER NOT NULL,"
    "  place  INTEGER NOT NULL,"
    "  source TEXT NOT NULL,"
    "  votes  INTEGER NOT NULL,"
    "  proof  INTEGER NOT NULL,"
    "  passes INTEGER NOT NULL,"
    "  proofs INTEGER NOT NULL,"
    "  diff   TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  PRIMARY KEY (run, error, place),"
    "  FOREIGN KEY (run, error) REFERENCES finding (run, error) ON DELETE CASCADE) WITHOUT ROWID;"
    /* What people have decided about a fix: enum decision, and the files it was about. */
    "CREATE TABLE decision ("
    "  run   INTEGER NOT NULL,"
    "  error INTEGER NOT NULL,"
    "  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),"
    "  at_ms INTEGER NOT NULL,"
    "  files TEXT NOT NULL,"
    "  PRIMARY KEY (run, error),"
    "  FOREIGN KEY (run, error) REFERENCES fix (run, error) ON DELETE CASCADE) WITHOUT ROWID;";

static const char schema_split[] =
    "ALTER TABLE run ADD COLUMN selects INTEGER NOT NULL DEFAULT 0;"
    /* The last token that a part of a file was given under; parts are not in the ledger. */
    "ALTER TABLE run ADD COLUMN part_token INTEGER NOT NULL DEFAULT 0;"
    /* The job whose tests tell what a file consists of: its last one, if that passed. */
    "ALTER TABLE history ADD COLUMN run INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE history ADD COLUMN job INTEGER NOT NULL DEFAULT 0;"
    /* So many more results until its parts are trusted again: they had failed, the whole passed. */
    "ALTER TABLE history ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;";

static const char schema_truth[] =
    "ALTER TABLE run ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN reuse_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN audit INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN flaky_fails INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN quarantine TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN files_cached INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN files_audited INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN note TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE named ADD COLUMN input TEXT NOT NULL DEFAULT '';"
    /* What its results depend on, whether they were taken over, and when they were made. */
    "ALTER TABLE job ADD COLUMN input TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE job ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN audited INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN made_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX job_input ON job (input) WHERE input <> '';"
    "CREATE INDEX job_file ON job (file);"
    "ALTER TABLE test ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;"
    /* How an attempt that did not count failed, and where. */
    "ALTER TABLE failure ADD COLUMN worker TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE failure ADD COLUMN message TEXT NOT NULL DEFAULT '';"
    /* The first audited file of a project that failed: until it is forgotten, nothing is left out.
     */
    "CREATE TABLE miss ("
    "  project TEXT PRIMARY KEY,"
    "  file    TEXT NOT NULL,"
    "  run     TEXT NOT NULL,"
    "  at_ms   INTEGER NOT NULL) WITHOUT ROWID;";

static const char schema_cost[] =
    /* What slots did for a run, its price, and how far the budget held it back (cost.h). */
    "ALTER TABLE run ADD COLUMN slot_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN usd REAL NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN budget INTEGER NOT NULL DEFAULT 0;"
    /* What slots were there for, work or not: year * 12 + month of UTC, from 0. */
    "CREATE TABLE month ("
    "  month   INTEGER PRIMARY KEY,"
    "  slot_us INTEGER NOT NULL,"
    "  usd     REAL NOT NULL);";

static const char schema_causes[] =
    /* Failures with one cause, and what makes it urgent; `score` is their sum without the age. */
    "CREATE TABLE cause ("
    "  run         INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,"
    "  cause       INTEGER NOT NULL,"
    "  occurrences INTEGER NOT NULL,"
    "  kind        INTEGER NOT NULL,"
    "  is_new      INTEGER NOT NULL,"
    "  fixed       INTEGER NOT NULL,"
    "  attempts    INTEGER NOT NULL,"
    "  flake       REAL NOT NULL,"
    "  score       INTEGER NOT NULL,"
    "  PRIMARY KEY (run, cause)) WITHOUT ROWID;"
    "CREATE INDEX cause_known ON cause (cause, run);"
    "ALTER TABLE finding ADD COLUMN cause INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE finding ADD COLUMN noted_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE finding ADD COLUMN routed_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX finding_cause ON finding (cause, run);"
    "ALTER TABLE history ADD COLUMN flaky INTEGER NOT NULL DEFAULT 0;";

static const char schema_events[] =
    /* When its last lease was given, and when its result came; 0: not known. */
    "ALTER TABLE job ADD COLUMN started_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN ended_ms INTEGER NOT NULL DEFAULT 0;"

    /* What has happened, in the order of the commits.  The triggers write it, so that no change can
     * be there without its event, whoever makes it.  `number` is that of a job or an error, `value`
     * a term; the time of a change that brings none is that of the event before. */
    "CREATE TABLE event ("
    "  no     INTEGER PRIMARY KEY,"
    "  at_ms  INTEGER NOT NULL,"
    "  run    TEXT NOT NULL,"
    "  kind   TEXT NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  value  INTEGER NOT NULL,"
    "  who    TEXT NOT NULL,"
    "  text   TEXT NOT NULL);"
    "CREATE INDEX event_run ON event (run, no);"

    /* The newest 100,000 stay. */
    "CREATE TRIGGER event_bound AFTER INSERT ON event WHEN NEW.no % 1000 = 0 BEGIN"
    " DELETE FROM event WHERE no <= NEW.no - 100000; END;"

    "CREATE TRIGGER event_accepted AFTER INSERT ON run BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " VALUES (NEW.accepted_ms, NEW.id, 'run-accepted', 0, 0, NEW.origin, NEW.dir); END;"

    /* One for all of a run's steps: the order in which several triggers fire is not defined. */
    "CREATE TRIGGER event_run AFTER UPDATE OF planned, verdict, settled, reported ON run BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)" EVENT_NOW
    ", NEW.id, 'run-planned', NEW.files, 0, NEW.runner_found, '' WHERE NEW.planned > OLD.planned;"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " SELECT NEW.accepted_ms + NEW.wall_ms, NEW.id, 'run-closed', 0, NEW.verdict, '', NEW.reason"
    " WHERE NEW.verdict <> OLD.verdict;"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)" EVENT_NOW
    ", NEW.id, 'run-settled', 0, 0, '', '' WHERE NEW.settled > OLD.settled;"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)" EVENT_NOW
    ", NEW.id, 'run-reported', 0, 0, NEW.origin, '' WHERE NEW.reported > OLD.reported; END;"

    "CREATE TRIGGER event_job AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " SELECT coalesce(nullif(CASE WHEN NEW.state >= 3 THEN NEW.ended_ms"
    " WHEN NEW.state = 1 THEN NEW.started_ms ELSE 0 END, 0), (" EVENT_NOW ")),"
    " (SELECT id FROM run WHERE no = NEW.run),"
    " CASE NEW.state WHEN 0 THEN 'file-requeued' WHEN 1 THEN 'file-started' ELSE 'file-done' END,"
    " NEW.job, NEW.status, NEW.worker, NEW.file; END;"

    "CREATE TRIGGER event_error AFTER INSERT ON finding BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " SELECT NEW.noted_ms, (SELECT id FROM run WHERE no = NEW.run), 'error-found', NEW.error, 0, "
    "'',"
    " (SELECT file FROM job WHERE run = NEW.run AND job = NEW.job); END;"

    "CREATE TRIGGER event_labelled AFTER UPDATE OF label ON finding"
    " WHEN NEW.label <> OLD.label BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " SELECT coalesce(nullif(NEW.routed_ms, 0), (" EVENT_NOW ")),"
    " (SELECT id FROM run WHERE no = NEW.run), 'error-labelled', NEW.error, NEW.label, NEW.queue,"
    " (SELECT file FROM job WHERE run = NEW.run AND job = NEW.job); END;"

    "CREATE TRIGGER event_fix AFTER INSERT ON fix BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)" EVENT_NOW
    ", (SELECT id FROM run WHERE no = NEW.run), 'fix', NEW.error, NEW.status, NEW.source,"
    " NEW.reason; END;"

    "CREATE TRIGGER event_heal AFTER INSERT ON heal BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)" EVENT_NOW
    ", (SELECT id FROM run WHERE no = NEW.run), 'heal', NEW.error, NEW.status, NEW.file,"
    " NEW.reason; END;"

    "CREATE TRIGGER event_decided AFTER INSERT ON decision BEGIN"
    " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
    " SELECT NEW.at_ms, (SELECT id FROM run WHERE no = NEW.run), 'fix-decided', NEW.error,"
    " NEW.state, '', ''; END;";

static const char schema_repeats[] =
    /* What may still go into repetitions of files with new tests. */
    "ALTER TABLE run ADD COLUMN repeat_us INTEGER NOT NULL DEFAULT 0;"
    /* Attempts that passed and were repeated. */
    "ALTER TABLE job ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;";

#endif
