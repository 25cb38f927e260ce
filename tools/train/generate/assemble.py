#!/usr/bin/env python3
"""assemble.py FILE...: rows of all generators as the corpus: cleaned, each text once, numbered.

Messages that were read from packages (families messages-*) are kept only where their words bear the
label out: a test library also holds parsers and HTTP clients of others."""
import json
import re
import sys

TEST = re.compile(r"\btest|expect|assert|suite|hook|fixture|\bmock|\bspy|\bstub|snapshot|matcher|describe|locator|selector|element|\bwait|timed out|timeout"
                  r"|\bcall(ed|s)\b|\bclick|visible|strict|done\(|callback|resolved|rejected|to throw|truthy|\bequal|fake timer|before(Each|All)|after(Each|All)"
                  r"|jest|vitest|\bvi\.|mocha|chai|sinon|jasmine|\bava\b|\btap\b|playwright|cypress|webdriver|frame|retry|retries|screenshot|poll|soft|clock|user-?event", re.I)
NOT_GENERAL = re.compile(r"react|\bJSX\b|expect\(|\bjest\b|vitest|mocha|\bassert|<[A-Z]\w+|TS\d{4}|typescript|tsconfig|\bhook\b|props?\b|component|hydrat|testing|\bspec\b|snapshot", re.I)
NOT_REACT = re.compile(r"Node#|ECONN|postcss|webpack|babel-plugin", re.I)
NOT_TEST = re.compile(r"react (component|state|element)|reactjs|TS\d{4}|schema|zod|regular expression|decompress|babel|semver|browserslist|axios|react-i18n|must be a string, an array", re.I)
DROPPED = {"testcafe", "nightwatch", "eslint-plugin-react", "eslint-plugin-jsx-a11y", "eslint-plugin-react-hooks", "eslint-plugin-jest", "eslint-plugin-vitest"}


def is_sound(r):
    family, _, part = r["source"].partition(":")
    text = r["message"]
    if len(text) < 12 or "[object Object]" in text or "troupe" in text or "DOM.render is not" in text:
        return False
    if not family.startswith("messages-"):
        return True
    if part in DROPPED:
        return False
    first = re.sub(r"(/[\w.@-]+)+", "", text.split("\n    at ")[0])
    if r["label"] == "test":
        return bool(TEST.search(first)) and not NOT_TEST.search(first)
    return not (NOT_GENERAL if r["label"] == "general" else NOT_REACT).search(first)


def main():
    seen = set()
    for name in sys.argv[1:]:
        for line in open(name, encoding="utf-8"):
            r = json.loads(line)
            if r["source"].startswith("general-"):  # a source of its own needs more than a few rows
                tool = r["source"][8:].split(":")[0]
                if tool not in ("python", "node", "npm", "git", "gcc", "rustc", "rust", "go", "java"):
                    r["source"] = "general-shell:run"
            key = r["message"]
            if key in seen or not is_sound(r):
                continue
            seen.add(key)
            print(json.dumps({"id": str(len(seen)), **r}, ensure_ascii=False))


main()
