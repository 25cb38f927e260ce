#!/usr/bin/env python3
"""catalogue.py: messages of tools that cannot be run here, from catalogue*.txt, with values in their holes.

A section begins with "### source label"; messages are divided by a line of three dashes."""
import re

from runners_common import HERE, ROOTS, rng, row

COMPONENTS = "UserCard ProductList Sidebar Checkout OrderTable LoginForm SearchBox Dashboard Settings Modal Avatar PriceTag Toast Layout App Home Profile Tabs Counter Feed Editor Menu".split()
WORDS = "user order item price total count name email token session invoice customer product cart config payload result settings theme status address profile message submit".split()
HOLES = {
    "C": lambda: rng.choice(COMPONENTS), "w": lambda: rng.choice(WORDS), "W": lambda: rng.choice(["DATABASE_URL", "API_KEY", "JWT_SECRET", "NEXT_PUBLIC_API"]),
    "n": lambda: str(rng.choice([1, 2, 3, 5, 7, 9, 12, 17, 23, 31, 44, 58, 102, 245, 418])), "port": lambda: rng.choice(["3000", "5432", "8080", "4000", "5173", "9229"]),
    "http": lambda: rng.choice(["400", "401", "403", "404", "500", "502", "503"]), "root": lambda: rng.choice(ROOTS),
    "f": lambda: rng.choice(["src/components/", "src/pages/", "app/", "src/"]) + rng.choice(COMPONENTS) + rng.choice([".tsx", ".jsx", ".tsx"]),
    "f2": lambda: rng.choice(ROOTS) + "/src/" + rng.choice(WORDS) + ".js",
    "tag": lambda: rng.choice(["div", "p", "span", "ul"]), "tag2": lambda: rng.choice(["div", "main", "section"]),
    "hook": lambda: rng.choice(["useState", "useEffect", "useContext", "useRef", "useReducer", "useRouter"]),
    "fnn": lambda: rng.choice(["render", "screen", "load", "save", "vi", "setup", "handler", "parse"]),
    "scale": lambda: rng.choice(["category", "linear", "time"]), "chart": lambda: rng.choice(["line", "bar", "pie", "doughnut"]),
}
FILES = {"react": ["", "", "src/components/$.tsx", "src/$.jsx", "app/page.tsx"], "test": ["", "", "src/$.test.tsx", "e2e/$.spec.ts", "tests/$.test.js"],
         "general": ["", "", "", "package.json", "src/index.js", "src/server.ts", "vite.config.ts", "Dockerfile"]}


def fill(text):
    return re.sub(r"\{(" + "|".join(sorted(HOLES, key=len, reverse=True)) + r")\}", lambda m: HOLES[m[1]](), text)


def main():
    for name in ("catalogue.txt", "catalogue_general.txt"):
        for section in re.split(r"^### ", open(f"{HERE}/{name}").read(), flags=re.M)[1:]:
            head, body = section.split("\n", 1)
            source, label = head.split()
            for text in body.split("\n---\n"):
                for _ in range(2):
                    row(f"catalogue:{source}", label, fill(text), rng.choice(FILES[label]).replace("$", rng.choice(COMPONENTS)))


main()
