"""What the generators in Python share: rows, names, running commands."""
import json
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BASE = os.path.abspath(sys.argv[1])
rng = random.Random(7)
NAMES = ["UserCard", "Checkout", "cart", "LoginForm", "api", "utils", "format", "Table", "auth", "store", "Search", "price"]
ROOTS = ["/app", "/home/runner/work/shop/shop", "/usr/src/app", "/builds/team/web", "/Users/dev/projects/web", "/workspace"]


def row(source, label, message, file=""):
    message = message.strip("\n")[:2500]
    if message.strip():
        print(json.dumps({"source": source, "label": label, "message": message, "file_path": file}))


def run(command, cwd, env=None, timeout=500):
    try:
        done = subprocess.run(command, cwd=cwd, env={**os.environ, "CI": "1", "NO_COLOR": "1", "FORCE_COLOR": "0", **(env or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True, timeout=timeout, shell=isinstance(command, str))
    except subprocess.TimeoutExpired as e:
        return (e.stdout or b"").decode("utf-8", "replace")
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode("utf-8", "replace"))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def dress(text, folder):
    name = rng.choice(NAMES)
    text = text.replace("suite.test", name + ".test").replace(folder, rng.choice(ROOTS)).replace(BASE, rng.choice(ROOTS))
    return text, f"src/{name}.test.{rng.choice(['js', 'ts', 'tsx', 'jsx'])}"


def tell(source, label, block, folder, heads=()):
    """One failure: as a whole, or as its message with a stack, or its message alone."""
    text, file = dress(block, folder)
    if heads and rng.random() < 0.4:
        text = rng.choice(heads).replace("$", file) + text
    file = rng.choice([file, "", ""])
    kind = rng.random()
    if kind < 0.25 and label != "react":
        lines = [l for l in text.split("\n") if not re.match(r"\s*(at |❯ |\d+\||> \d+|\d+ \||\||●)", l)]
        text = "\n".join(lines)
    row(source, label, text, file)
