/* report_style.h - how the page of a run looks: light and dark, narrow and wide; no script. */
#ifndef TOOLS_REPORT_STYLE_H
#define TOOLS_REPORT_STYLE_H

/* Rules, to be written one after the other. */
/* clang-format off */
static const char *const report_style[] = {
    ":root{color-scheme:light dark;--bg:#fafafa;--card:#fff;--ink:#1c2024;--dim:#60646c;"
    "--line:#e0e1e6;--code:#f4f4f6;--passed:#2b8a3e;--failed:#d6303a;--skipped:#8b8d98;"
    "--flaky:#b7791f;--lost:#a0359c;--add:#e6f6e9;--del:#fdecec;--hunk:#e8effc}",
    "@media(prefers-color-scheme:dark){:root{--bg:#111214;--card:#191a1d;--ink:#edeef0;"
    "--dim:#a0a4ab;--line:#2e3135;--code:#212226;--passed:#4cc26a;--failed:#ff6b70;"
    "--skipped:#80838d;--flaky:#e3b341;--lost:#d57bd1;--add:#12301b;--del:#3b1719;"
    "--hunk:#182449}}",
    "*{box-sizing:border-box}",
    "body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}",
    "main,header>div{max-width:1100px;margin:0 auto;padding:0 20px}",
    "header{background:var(--card);border-bottom:1px solid var(--line);padding:20px 0}",
    "h1{font-size:22px;margin:0;display:flex;gap:12px;align-items:center;flex-wrap:wrap;"
    "overflow-wrap:anywhere}",
    "h2{font-size:17px;margin:32px 0 12px}",
    "h2 small{color:var(--dim);font-weight:400}",
    ".badge{color:#fff;border-radius:6px;padding:2px 10px;font-size:14px;"
    "text-transform:uppercase;letter-spacing:.04em}",
    ".badge.passed{background:#2b8a3e}",
    ".badge.failed,.badge.error{background:#c92a33}",
    ".badge.cancelled,.badge.timed-out{background:#96610f}",
    ".facts{color:var(--dim);margin:6px 0 0;display:flex;flex-wrap:wrap;gap:2px 18px;"
    "padding:0;list-style:none}",
    ".reason{margin:12px 0 0;color:var(--failed);overflow-wrap:anywhere}",
    ".sum{display:flex;height:10px;border-radius:5px;overflow:hidden;"
    "background:var(--line);margin:18px 0 8px}",
    ".sum i{display:block;min-width:3px}",
    ".legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 4px;"
    "font-variant-numeric:tabular-nums}",
    ".legend b{font-weight:600}",
    ".legend i{display:inline-block;width:10px;height:10px;border-radius:3px;"
    "margin-right:6px}",
    "i.passed{background:var(--passed)}",
    "i.failed{background:var(--failed)}",
    "i.skipped{background:var(--skipped)}",
    "i.flaky{background:var(--flaky)}",
    "i.lost{background:var(--lost)}",
    ".card,details.one{background:var(--card);border:1px solid var(--line);"
    "border-radius:8px;margin:0 0 10px}",
    ".group{margin:18px 0 8px;font-weight:600;overflow-wrap:anywhere}",
    ".group small{color:var(--dim);font-weight:400}",
    "summary{cursor:pointer;padding:10px 14px;overflow-wrap:anywhere}",
    "summary:hover{background:var(--code)}",
    "details[open]>summary{border-bottom:1px solid var(--line)}",
    ".where{color:var(--dim);font-size:13px;display:block;padding-left:17px}",
    ".chip{border:1px solid var(--line);border-radius:10px;padding:0 8px;font-size:12px;"
    "color:var(--dim);white-space:nowrap;margin-left:6px}",
    ".body{padding:12px 14px}",
    ".body h3{font-size:13px;margin:14px 0 6px;color:var(--dim)}",
    "pre{margin:0;background:var(--code);border-radius:6px;padding:10px 12px;"
    "overflow:auto;max-height:32em;"
    "font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;tab-size:4}",
    "pre.diff{padding:10px 0}",
    "pre.diff span{display:block;padding:0 12px;min-width:max-content}",
    ".add{background:var(--add)}",
    ".del{background:var(--del)}",
    ".hunk{background:var(--hunk)}",
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}",
    "th,td{text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);"
    "vertical-align:top}",
    "tr:last-child td{border-bottom:0}",
    "th{color:var(--dim);font-weight:500;font-size:13px}",
    "td.n,th.n{text-align:right;white-space:nowrap}",
    "td.name{overflow-wrap:anywhere;min-width:9em}",
    "td.s{white-space:nowrap}",
    "td i{display:inline-block;width:9px;height:9px;border-radius:5px;margin-right:7px}",
    ".scroll{overflow-x:auto}",
    ".lane{display:flex;align-items:center;gap:10px;padding:3px 14px}",
    ".lane b{font-weight:400;font-size:13px;color:var(--dim);width:130px;flex:none;"
    "overflow:hidden;text-overflow:ellipsis;white-space:nowrap}",
    ".track{position:relative;height:20px;flex:1;background:var(--code);"
    "border-radius:4px;overflow:hidden}",
    ".track i{position:absolute;top:0;bottom:0;min-width:1px;"
    "border-right:1px solid var(--card)}",
    ".axis{color:var(--dim);font-size:12px;height:auto;background:none;display:flex;"
    "justify-content:space-between}",
    ".card.time{padding:10px 0 6px}",
    "footer{color:var(--dim);font-size:13px;padding:28px 0 40px}",
    "@media(max-width:640px){.lane b{width:84px;font-size:12px}.hide{display:none}main,header>div{"
    "padding:0 12px}}",
    "@media print{details.one{break-inside:avoid}pre{max-height:none}}",
};
/* clang-format on */

#endif
