#!/usr/bin/env python3
"""noise.py: a corpus in, the corpus out, with noisy copies of half of its rows behind it.

A copy has a "~" in its id: it is learned and never judged.  Colours and prefixes of CI systems are not
among the noise: the classifier takes them off before it looks."""
import json
import random
import sys

LOG = ["> shop@1.0.0 test\n> vitest run\n\n", "yarn run v1.22.19\n$ react-scripts build\n", "$ npm run build\n", "Run npm test\n",
       "Creating an optimized production build...\n", "info  - Linting and checking validity of types\n", "[1/4] Resolving packages...\n",
       "Step 7/12 : RUN npm run build\n ---> Running in 3f2a\n", "webpack compiled with 1 error\n", "Starting the development server...\n\n"]


def wrap(text, width):
    return "\n".join(line[i:i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width))


def change(rng, row):
    text = row["message"]
    kind = rng.randrange(6)
    if kind == 0:
        row["file_path"] = ""
    elif kind == 1:
        row["message"] = text[:rng.randint(60, 700)]
    elif kind == 2:
        row["message"] = rng.choice(LOG) + text
    elif kind == 3:
        row["message"] = text.split("\n    at ")[0]
    elif kind == 4:
        row["message"] = wrap(text, rng.choice([72, 80, 100, 120]))
    else:
        row["message"] = text.split("\n")[0]
        row["file_path"] = ""
    return row


def main():
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for line in sys.stdin:
        print(line, end="")
        if rng.random() < 0.5:
            row = change(rng, json.loads(line))
            row["id"] = row["id"] + "~"
            print(json.dumps(row, ensure_ascii=False))


main()
