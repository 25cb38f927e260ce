#!/usr/bin/env python3
"""chaos.py - a run under kill -9: nothing lost, nothing twice, nothing left behind.

Submits jobs of 5-500 ms to a cluster of executors and kills one random process of the cast every
--every seconds, coordinator and supervisor included.  The judge is a file that the jobs append to,
outside the system, and the list of what was submitted.  Exit 0 when all holds.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from harness import Place, balanced, last_json  # noqa: E402

JOB = 'sleep "$(echo "$1" | cut -d- -f3)"; echo "$1" >> "$JUDGE_FILE"'


def cast(place):
    """Pids of the cast: what the supervisor has started, their spawners, and itself."""
    return sorted(pid for pid, line in place.processes().items() if "troupe-node" in line)


def kill_one(place, rng, killed):
    victims = cast(place)
    if not victims:
        return
    pid = rng.choice(victims)
    try:
        line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        os.kill(pid, signal.SIGKILL)
        name = line[line.index(b"--name") + 1].decode() if b"--name" in line else "supervisor"
        killed[name] += 1
    except (OSError, IndexError):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between kills; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=900, help="seconds for the whole run")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    place = Place()
    judge = place.base / "judge"
    judge.mkdir()
    judge.chmod(0o777)
    judge_file = judge / "done"
    judge_file.touch()
    judge_file.chmod(0o666)
    names = [f"job-{i:05d}-{rng.uniform(0.005, 0.5):.3f}" for i in range(args.jobs)]
    project = place.project({"job.sh": JOB.replace("$JUDGE_FILE", str(judge_file)),
                             "list": "\n".join(names) + "\n"})
    begin = time.monotonic()
    run = place.start("run", project, "--runner", "command", "--command", "sh job.sh {}",
                      "--files-from", project / "list", "--workers", args.workers, "--json",
                      "--allow-write", judge, stdout=-1, stderr=-1)
    killed = collections.Counter()
    stop = threading.Event()

    def killer():
        while args.every and not stop.wait(args.every):
            kill_one(place, rng, killed)

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        out, err = run.communicate(timeout=args.limit)
    finally:
        stop.set()
        thread.join()
        run.kill()
    wall = time.monotonic() - begin
    problems = []
    if run.returncode != 0:
        problems.append(f"exit {run.returncode}: {err[-2000:]}")
    result = last_json(out) if out.strip() else {"results": [], "tests": None, "run": "?"}
    counted = collections.Counter(row["file"] for row in result["results"])
    ran = collections.Counter(judge_file.read_text().split())
    lost = [name for name in names if counted[name] == 0]
    doubled = [name for name in counted if counted[name] > 1]
    claimed = [row["file"] for row in result["results"]
               if row["status"] == "passed" and ran[row["file"]] == 0]
    again = sum(count - 1 for count in ran.values())
    if lost or doubled or claimed or set(counted) - set(names):
        problems.append(f"lost {lost[:5]} doubled {doubled[:5]} never ran {claimed[:5]}")
    if result["tests"] and not balanced(result["tests"]):
        problems.append(f"does not balance: {result['tests']}")
    verify = place.run("verify", result["run"], "--json")
    if verify.returncode != 0:
        problems.append(f"verify: {verify.stdout}{verify.stderr}")
    if not place.processes():
        # The last kill met the supervisor of a cluster that nobody needed any more: its socket is
        # there until the next one starts.
        place.run("up")
        place.run("down")
    left = place.left_over()
    if left:
        problems.append(f"left behind: {left}")
    place.close()
    print(json.dumps({"jobs": args.jobs, "workers": args.workers, "seed": args.seed,
                      "wall_s": round(wall, 1), "kills": sum(killed.values()),
                      "killed": dict(killed), "lost": len(lost), "doubled": len(doubled),
                      "executions_repeated": again, "problems": problems}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
