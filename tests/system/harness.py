"""harness.py - drives the built binaries as a user does; what the system tests share.

TROUPE names the command under test; without it the one in build/ is taken.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TROUPE = os.environ.get("TROUPE", str(SOURCE / "build" / "troupe"))


class Place:
    """A state directory, a runtime directory and an environment of one test's own."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="troupe-test-"))
        self.base.chmod(0o755)
        self.state = self.base / "state"
        self.runtime = self.base / "run"
        self.runtime.mkdir(mode=0o700)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.runtime),
                        XDG_STATE_HOME=str(self.base / "xdg"), NO_COLOR="1")

    def command(self, *args):
        return [TROUPE, *map(str, args), "--state", str(self.state)]

    def run(self, *args, timeout=120, **more):
        return subprocess.run(self.command(*args), env=self.env, timeout=timeout,
                              capture_output=True, text=True, **more)

    def start(self, *args, **more):
        return subprocess.Popen(self.command(*args), env=self.env, text=True, **more)

    def project(self, files):
        """A directory with these files in it: {path: text}."""
        project = self.base / "project"
        for name, text in files.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return project

    def processes(self):
        """Live processes that belong to this place: {pid: command line}.

        They name it on their command line, or work in its project; the environment does not tell,
        since neither the cast nor the commands under test inherit it.
        """
        mark = self.base.name.encode()
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                cmdline = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                cwd = os.readlink(f"/proc/{pid}/cwd").encode()
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if (mark in cmdline or mark in cwd) and state not in "ZX" and int(pid) != os.getpid():
                found[int(pid)] = cmdline.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def left_over(self, seconds=15):
        """What is still there after a while: processes, and files in the runtime directory."""
        until = time.monotonic() + seconds
        while True:
            left = [f"{pid} {line}" for pid, line in self.processes().items()]
            left += [str(path) for path in self.runtime.rglob("*") if not path.is_dir()]
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.1)

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.base, ignore_errors=True)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def last_json(text):
    """The object on the last line of what --json printed."""
    return json.loads(text.strip().splitlines()[-1])


def balanced(sums):
    return sums["planned"] == sum(sums[k] for k in ("passed", "failed", "skipped", "flaky", "lost"))
