#!/usr/bin/env python3
"""train.py - finds the weights of the healer's matcher.

    tools/train-heal/train.py                      writes actors/healer/match_weights.c
    tools/train-heal/train.py --check              fails unless it comes out as it is there, byte by byte
    tools/train-heal/train.py --show SEED          one drawn pair, as a snapshot

Draws pages and what becomes of them (pages.py), has heal-features compare them, and fits: first the
weights of an element's own features, then, as often as --rounds says, those of all features with
what the others have become, then the probability that the answer is right.  Every feature keeps the
sign that its meaning gives it, so that no accident of the drawn pages turns it round.  Figures are of
drawn pages that were not trained with: the last fifth.  All seeds are fixed, and so is how numpy
calculates, so the same sources give the same bytes.  Needs numpy (apt install python3-numpy), gcc,
libjansson-dev and clang-format-14; some ten minutes of a processor.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# Sums come out the same only if they are added in the same order: one thread, one kind of processor.
os.environ.update(OPENBLAS_NUM_THREADS="1", OPENBLAS_CORETYPE="Haswell",
                  NPY_DISABLE_CPU_FEATURES="AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL")
import numpy as np  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pages  # noqa: E402

LINKS = 24
SHIPPED = "actors/healer/match_weights.c"
EVIDENCE = 14  # columns of evidence, the score first
BAD = re.compile("_(ONE|NONE|STRANGE|OTHER|EXCLUDE|SWAPPED)$|^OUTSIDE$|^UNPLACED$|^PARTS_NONE$|^ROW_LOST$|^ROW_DOUBT$|^ROW_SWAPPED$|^RIVAL_NEAR$|^WORDS_EXCLUDE$")
FREE = {"NAME_NONE", "IDENT_NONE", "ROLE_ONE", "MARGIN_LOW", "SURVIVAL", "AROUND"}
MARGIN = 2.0  # odds that an answer which is right must beat the rest by, for ranking


# ---- pages as the matcher reads them ----

def text_of(e):
    own = " ".join(x for x in e.inner if isinstance(x, str))
    deep = " ".join(x if isinstance(x, str) else text_of(x)[1] for x in e.inner)
    return " ".join(own.split()), " ".join(deep.split())


def place(e, x, y, width):
    """Boxes stand below each other, the rest side by side; returns what it takes."""
    at_x, at_y, line, used = x, y, 0, 0
    for part in e.inner:
        if isinstance(part, str):
            w, h = 8 * len(part), 20
            at_x, line = at_x + w, max(line, h)
            used = max(used, at_x - x)
            continue
        if part.block:
            at_x, at_y, line = x, at_y + line, 0
            _, h = place(part, x, at_y, width)
            at_y += h
            used = width
            continue
        w, h = place(part, at_x, at_y, max(80, width - (at_x - x)))
        if at_x + w > x + width and at_x > x:
            at_x, at_y, line = x, at_y + line, 0
            w, h = place(part, at_x, at_y, width)
        at_x, line = at_x + w + 4, max(line, h)
        used = max(used, at_x - x)
    fixed = {"input": (170, 21), "select": (120, 21), "textarea": (200, 60), "img": (80, 60), "svg": (16, 16)}.get(e.tag)
    w, h = fixed or (max(used, 10) + (16 if e.tag == "button" else 0), at_y + line - y + (4 if e.block else 0))
    if e.block:
        w = width
    e.box = (int(x), int(y), int(w), int(h))
    return w, h


def snapshot(root):
    place(root, 0, 0, 1280)
    out, keys = [], {}

    def add(e, parent, path):
        own, deep = text_of(e)
        x, y, w, h = e.box
        if e.tag == "option":
            x = y = w = h = 0
        index = len(out)
        out.append({"i": index, "p": parent, "path": path, "tag": e.tag, "a": {k: v for k, v in e.attrs.items() if v is not None},
                    "own": own, "text": deep, "x": x, "y": y, "w": w, "h": h})
        if e.key:
            keys.setdefault(e.key, path)
        seen = {}
        for kid in e.kids():
            seen[kid.tag] = seen.get(kid.tag, 0) + 1
            add(kid, index, "%s/%s[%d]" % (path, kid.tag, seen[kid.tag]))

    add(root, -1, "/html[1]")
    return out, keys


def fingerprint(rng, snap, node, rich):
    """What is left of an element when only it was noted down."""
    out = {"tag": node["tag"], "xpath": node["path"], "idxpath": node["path"]}
    text = node["text"] or node["a"].get("value") or node["a"].get("placeholder") or ""
    if text and len(text) <= 50:
        out["text"] = text
    for name in ("id", "name", "class", "href", "alt", "type", "value", "title", "placeholder", "aria-label"):
        if name in node["a"] and (rich or name in ("id", "name", "class", "href")):
            out[name] = node["a"][name]
    if rich:
        out["is_button"] = "yes" if node["tag"] == "button" else "no"
        out.update({k: node[k] for k in "xywh"})
        near = [n["own"] for n in snap if n is not node and n["own"] and abs(n["y"] - node["y"]) < 60 and
                abs(n["x"] - node["x"]) < node["w"] + 60 and n["h"] <= 100][:8]
        if near:
            out["neighbor"] = " ".join(near)
    return out


def write_pair(folder, seed):
    """Writes pages and fingerprints of one pair; returns what heal-features is called with."""
    old, new, kind = pages.pair(seed)
    old_snap, old_keys = snapshot(old)
    new_snap, new_keys = snapshot(new)
    rng = random.Random(seed)
    cases = [{"id": k, "old_path": p, "selector": new_keys.get(k, "")} for k, p in old_keys.items() if not k.startswith("#")]
    base = os.path.join(folder, str(seed))
    for name, data in ((".snap", {"old": {"": old_snap}, "new": {"": new_snap}}), (".cases", {"cases": cases})):
        with open(base + name, "w", encoding="utf-8") as f:
            json.dump(data, f)
    rich = rng.random() < .6
    by_path = {n["path"]: n for n in old_snap}
    order = pages.permute(rng, range(len(new_snap)))
    number = {new_snap[j]["path"]: i for i, j in enumerate(order)}
    chosen = rng.sample(cases, min(len(cases), 25))
    prints = {"cases": [{"id": c["id"], "selector": str(number[c["selector"]]) if c["selector"] else "",
                         "old": fingerprint(rng, old_snap, by_path[c["old_path"]], rich)} for c in chosen],
              "candidates": [{"i": i, **fingerprint(rng, new_snap, new_snap[j], rich)} for i, j in enumerate(order)]}
    with open(base + ".prints", "w", encoding="utf-8") as f:
        json.dump(prints, f)
    return {"base": base, "kind": kind}


# ---- features ----

def build(weights, program):
    """heal-features with these weights; only what the matcher is made of."""
    sources = [f for f in sorted(os.listdir("actors/healer")) if re.match(
        r"(match|aria|arena|lexicon|words|tree|snapshot|action).*\.c$", f) and f != "match_weights.c"]
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-I.", "-o", program, "tools/train-heal/features.c", weights] +
                   ["actors/healer/" + f for f in sources] + ["-ljansson", "-lm"], check=True)


def names(program):
    own, structure, more = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()[:3]
    return own.split(), structure.split(), more.split()


def load(program, way, jobs, width):
    """Arrays: features [n, LINKS, width], which exist [n, LINKS], right one [n] (LINKS: none), assigned [n], kind [n]."""
    def run(job):
        other = job["base"] + (".cases" if way == "pages" else ".prints")
        done = subprocess.run([program, way, job["base"] + ".snap", other], capture_output=True, check=True)
        return np.frombuffer(done.stdout, dtype=np.float32), job["kind"]
    xs, masks, rights, assigned, kinds = [], [], [], [], []
    with ThreadPoolExecutor(2) as pool:
        for data, kind in pool.map(run, jobs):
            at = 0
            while at < len(data):
                n, right, given = int(data[at]), int(data[at + 1]), int(data[at + 2])
                rows = data[at + 3:at + 3 + n * width].reshape(n, width)
                at += 3 + n * width
                if right == -2:
                    continue  # the right one was not even a candidate: nothing to learn
                x = np.zeros((LINKS, width), np.float32)
                x[:n] = rows
                xs.append(x)
                masks.append(np.arange(LINKS) < n)
                rights.append(LINKS if right < 0 else right)
                assigned.append(given)
                kinds.append(kind)
    return np.array(xs), np.array(masks), np.array(rights), np.array(assigned), np.array(kinds)


def signs(columns):
    return np.array([0 if c in FREE else -1 if BAD.search(c) else 1 for c in columns], np.float32)


def adam(size, gradient, steps, rate, project):
    w = np.zeros(size, np.float64)
    m, v = np.zeros(size), np.zeros(size)
    for step in range(1, steps + 1):
        g = gradient(w, step)
        m = .9 * m + .1 * g
        v = .999 * v + .001 * g * g
        w -= rate * (m / (1 - .9 ** step)) / (np.sqrt(v / (1 - .999 ** step)) + 1e-8)
        w = project(w)
    return w


def fit_pairs(x, mask, right, sign, steps=900, batch=1500, penalty=2e-4):
    """Softmax over the candidates and "removed", which has odds of 1; the last weight is the bias."""
    rng = np.random.default_rng(1)
    sign = np.append(sign, 0)

    def gradient(w, _):
        pick = rng.integers(0, len(x), batch)
        xb, mb, rb = x[pick], mask[pick], right[pick]
        s = np.where(mb, xb @ w[:-1].astype(np.float32) + w[-1], -1e9)
        s = np.concatenate([s, np.zeros((len(pick), 1))], axis=1)
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(pick)), rb] -= 1
        p = p[:, :-1] * mb
        return np.append(np.einsum("nl,nlf->f", p, xb), p.sum()) / batch + penalty * w

    project = lambda w: np.where(sign > 0, np.maximum(w, 0), np.where(sign < 0, np.minimum(w, 0), w))
    return adam(x.shape[2] + 1, gradient, steps, .05, project)


def fit_sure(x, good, sign, weight, steps=2500, penalty=3e-3):
    sign = np.append(sign, 0)

    def gradient(w, _):
        p = 1 / (1 + np.exp(-np.clip(x @ w[:-1] + w[-1], -30, 30)))
        e = (p - good) * weight
        return np.append(x.T @ e, e.sum()) / weight.sum() + penalty * w

    project = lambda w: np.where(sign > 0, np.maximum(w, 0), np.where(sign < 0, np.minimum(w, 0), w))
    return adam(x.shape[1] + 1, gradient, steps, .03, project)


# ---- writing ----

def c_row(indent, row):
    text = ", ".join("%.4gf" % v if "." in "%.4g" % v or "e" in "%.4g" % v else "%.4g" % v for v in row)
    return indent + "{" + text + "}"


def write(path, tables):
    with open(path, "w", encoding="utf-8") as f:
        f.write("/* match_weights.c - made by tools/train-heal; do not edit. */\n"
                '#include "actors/healer/match_priv.h"\n\n'
                "const struct match_weights match_weights[MATCH_KINDS] = {\n")
        for kind, t in tables.items():
            f.write("    [%s] = {.bias = {%.4ff, %.4ff},\n" % (kind, t["bias"][0], t["bias"][1]))
            f.write("     .pair = {" + c_row("", t["pair"][0]) + ",\n" + c_row("              ", t["pair"][1]) + "},\n")
            f.write("     .sure_bias = %.4ff,\n" % t["sure_bias"])
            f.write("     .sure = " + c_row("", t["sure"]) + ",\n")
            f.write("     .sure_more = " + c_row("", t["sure_more"]) + "},\n")
        f.write("};\n")
    subprocess.run(["clang-format-14", "-i", "--style=file:.clang-format", path], check=True)


def report(what, x, mask, right, given, kinds, sure=None):
    top = given
    for kind in sorted(set(kinds)):
        k = kinds == kind
        there = k & (right < LINKS)
        gone = k & (right == LINKS)
        line = "%s %-8s right %.2f of %d, nothing for %.2f of %d removed" % (
            what, kind, 100 * np.mean(top[there] == right[there]), there.sum(), 100 * np.mean(top[gone] < 0), gone.sum())
        if sure is not None:
            for limit in (.8, .9, .95):
                heal = k & (sure >= limit)
                ok = heal & (top == right)
                line += " | at %.2f: heals %.1f wrong %.2f false %.2f" % (
                    limit, 100 * ok.sum() / max(1, there.sum()), 100 * (heal & there & ~ok).sum() / max(1, there.sum()),
                    100 * (heal & gone).sum() / max(1, gone.sum()))
        print(line, flush=True)


def sure_rows(x, given, mask):
    """Features and evidence of what match_find answers: what was assigned, else the best score."""
    best = np.where(mask, x[:, :, -EVIDENCE], -1e9).argmax(axis=1)
    top = np.where(given >= 0, given, best)
    return x[np.arange(len(x)), top], top


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default=SHIPPED)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--show", type=int)
    args = parser.parse_args()
    if args.show is not None:
        old, new, kind = pages.pair(args.show)
        print(json.dumps({"kind": kind, "old": {"": snapshot(old)[0]}, "new": {"": snapshot(new)[0]}}))
        return
    tables = {}
    with tempfile.TemporaryDirectory() as folder:
        program, draft = folder + "/heal-features", folder + "/match_weights.c"
        write(draft, {})
        build(draft, program)
        own, structure, more = names(program)
        all_names = own + structure
        width = len(all_names) + len(more)
        jobs = [write_pair(folder, seed) for seed in range(args.pages)]
        cut = len(jobs) * 4 // 5
        for way, kind in (("pages", "MATCH_PAGES"), ("fingerprints", "MATCH_FINGERPRINTS")):
            zero = [0.0] * len(all_names)
            table = tables[kind] = {"bias": [0, 0], "pair": [zero, zero], "sure_bias": 0, "sure": zero, "sure_more": [0] * 16}
            for turn in range(args.rounds + 1 if way == "pages" else 2):
                x, mask, right, given, kinds = load(program, way, jobs[:cut], width)
                if turn == 0:
                    w = fit_pairs(x[:, :, :len(own)], mask, right, signs(own))
                    table["pair"][0] = list(w[:-1]) + [0] * len(structure)
                    table["bias"][0] = w[-1]
                    table["pair"][1], table["bias"][1] = table["pair"][0], w[-1]
                if way == "pages" and turn > 0:
                    w = fit_pairs(x[:, :, :len(all_names)], mask, right, signs(all_names))
                    table["pair"][1], table["bias"][1] = list(w[:-1]), w[-1]
                write(draft, tables)
                build(draft, program)
                report("%s %d" % (way, turn), *load(program, way, jobs[cut:], width))
            x, mask, right, given, kinds = load(program, way, jobs[:cut], width)
            rows, top = sure_rows(x, given, mask)
            good = (top == right).astype(np.float64)
            weight = np.where(kinds == "drift", .3, 1.0)  # of which there is little doubt
            w = fit_sure(rows, good, signs(all_names + more), weight)
            table["sure"], table["sure_more"] = list(w[:len(all_names)]), list(w[len(all_names):-1])
            table["sure_bias"] = w[-1]
            x, mask, right, given, kinds = load(program, way, jobs[cut:], width)
            rows, top = sure_rows(x, given, mask)
            report(way, x, mask, right, top, kinds, 1 / (1 + np.exp(-(rows @ w[:-1] + w[-1]))))
        write(draft, tables)
        with open(draft, "rb") as made, open(SHIPPED, "rb") as shipped:
            if args.check and made.read() != shipped.read():
                raise SystemExit("train.py: these are not the weights of " + SHIPPED)
        if not args.check:
            shutil.copyfile(draft, args.out)


if __name__ == "__main__":
    main()
