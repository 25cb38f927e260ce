/* status_page.c - see status_page.h. */
#include "actors/gateway/status_page.h"

#include <inttypes.h>

#include "proto/terms.h"

enum { NAME_MAX_BYTES = 200, MINUTE_MS = 60000 };

/* Nothing is loaded from anywhere, and nothing in it runs. */
static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>Troupe</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<meta http-equiv=\"refresh\" content=\"15\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<style>\n"
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#5b6470;"
    "--line:#e2e5ea;--green:#1a7f37;--red:#c62828;--amber:#8a5a00;--blue:#1558b0}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#181c22;--ink:#e8eaed;"
    "--soft:#9aa4b0;--line:#2a3038;--green:#56d364;--red:#ff7b72;--amber:#e3b341;"
    "--blue:#79b8ff}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
    "main{max-width:1080px;margin:0 auto;padding:32px 20px 48px}\n"
    "header{display:flex;align-items:baseline;gap:12px;margin-bottom:20px}\n"
    "h1{font-size:24px;margin:0;letter-spacing:-.02em}\n"
    "header p{margin:0;color:var(--soft)}\n"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;"
    "margin:0 0 24px}\n"
    "dl div,.table,.note{background:var(--card);border:1px solid var(--line);"
    "border-radius:10px}\n"
    "dl div{padding:12px 16px;display:flex;flex-direction:column-reverse}\n"
    "dt{color:var(--soft);font-size:13px}\n"
    "dd{margin:0;font-size:26px;line-height:1.25;font-weight:600;"
    "font-variant-numeric:tabular-nums}\n"
    ".note{padding:28px 16px;text-align:center;color:var(--soft);margin-bottom:24px}\n"
    ".note.bad{color:var(--red)}\n"
    ".table{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:10px 16px;white-space:nowrap;"
    "border-top:1px solid var(--line)}\n"
    "thead th{border-top:0;color:var(--soft);font-size:13px;font-weight:500}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "code{font:13px ui-monospace,monospace;color:var(--soft)}\n"
    ".v{font-weight:600}.v::before{content:\"\";display:inline-block;width:9px;height:9px;"
    "border-radius:50%;background:currentColor;margin-right:8px}\n"
    ".passed{color:var(--green)}.failed,.error{color:var(--red)}\n"
    ".cancelled,.timed-out,.warn{color:var(--amber)}.running{color:var(--blue)}\n"
    "</style>\n</head>\n<body>\n<main>\n";

/* "3 h 12 min": the two largest units. */
static void add_time(struct text *text, uint64_t ms)
{
    uint64_t seconds = ms / 1000;
    if (seconds < 60) {
        text_add(text, "%" PRIu64 ".%" PRIu64 " s", seconds, ms % 1000 / 100);
    } else if (seconds < 3600) {
        text_add(text, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
    } else if (seconds < 86400) {
        text_add(text, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
    } else {
        text_add(text, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400, seconds % 86400 / 3600);
    }
}

static void add_tile(struct text *text, const char *name, uint64_t value)
{
    text_add(text, "<div><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n", name, value);
}

static void add_cluster(struct text *text, const struct msg_status_is *status)
{
    if (!status) {
        text_add(text, "<p class=\"note bad\">The coordinator does not answer.</p>\n");
        return;
    }
    text_add(text, "<dl>\n");
    add_tile(text, "runs open", status->runs_open);
    add_tile(text, "files waiting", status->jobs_queued);
    add_tile(text, "files being run", status->jobs_leased);
    add_tile(text, "slots idle", status->slots_idle);
    add_tile(text, "stale results refused", status->stale_refused);
    text_add(text, "</dl>\n");
}

static void add_verdict(struct text *text, const struct status_run *run)
{
    const char *word = run->verdict ? term_word("verdict", run->verdict) : "running";
    word = word ? word : "unknown";
    text_add(text, "<td><span class=\"v %s\">%s</span>", word, word);
    if (run->gave_up) {
        text_add(text, " <span class=\"warn\">not reported</span>");
    }
    text_add(text, "</td>");
}

static void add_counts(struct text *text, const struct status_run *run)
{
    if (run->files > 0) {
        text_add(text, "<td class=\"n\">%" PRIu64 " / %" PRIu64 "</td>", run->files_done,
                 run->files);
    } else {
        text_add(text, "<td class=\"n\">–</td>");
    }
    if (!run->verdict) {
        text_add(text, "<td class=\"n\">–</td><td class=\"n\">–</td><td class=\"n\">–</td>");
        return;
    }
    uint64_t bad = run->tests_failed + run->tests_lost;
    text_add(text, "<td class=\"n\">%" PRIu64 "</td><td class=\"n%s\">%" PRIu64 "</td>",
             run->tests_passed, bad > 0 ? " failed" : "", bad);
    text_add(text, "<td class=\"n\">");
    add_time(text, run->wall_ms);
    text_add(text, "</td>");
}

static void add_run(struct text *text, const struct status_run *run)
{
    text_add(text, "<tr>");
    add_verdict(text, run);
    text_add(text, "<td>");
    text_html(text, msg_str(run->origin.repo), NAME_MAX_BYTES);
    text_add(text, " #%" PRIu64 "</td><td><code>%.10s</code></td>", run->origin.number,
             run->origin.sha);
    add_counts(text, run);
    text_add(text, "<td class=\"n\">");
    if (run->age_ms < MINUTE_MS) {
        text_add(text, "just now</td></tr>\n");
    } else {
        add_time(text, run->age_ms);
        text_add(text, " ago</td></tr>\n");
    }
}

static void add_runs(struct text *text, const struct status_view *view)
{
    if (view->count == 0) {
        text_add(text, "<p class=\"note\">No pull request yet.</p>\n");
        return;
    }
    text_add(text, "<div class=\"table\"><table>\n<thead><tr><th>verdict</th><th>pull request</th>"
                   "<th>commit</th><th class=\"n\">files</th><th class=\"n\">passed</th>"
                   "<th class=\"n\">failed</th><th class=\"n\">took</th>"
                   "<th class=\"n\">came</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < view->count; i++) {
        add_run(text, &view->runs[i]);
    }
    text_add(text, "</tbody></table></div>\n");
}

void status_page(const struct status_view *view, struct text *text)
{
    text_add(text, "%s<header><h1>Troupe</h1><p>", head);
    if (view->status) {
        text_add(text, "coordinator up for ");
        add_time(text, view->status->uptime_ms);
        text_add(text, ", epoch %" PRIu64, view->status->epoch);
    }
    text_add(text, "</p></header>\n");
    add_cluster(text, view->status);
    add_runs(text, view);
    text_add(text, "</main>\n</body>\n</html>\n");
}
