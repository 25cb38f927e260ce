/* schema.h - the tables of the ledger; included by ledger.c alone.
 *
 * A released script never changes; a new version is one more script at the end.  Numbers of states,
 * statuses, outcomes and verdicts are those of lease.h and terms.def.  Lengths of text are checked
 * before it comes here.
 */
#ifndef ACTORS_COORDINATOR_SCHEMA_H
#define ACTORS_COORDINATOR_SCHEMA_H

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

#endif
