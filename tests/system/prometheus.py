"""A real Prometheus: Debian's programs, installed or unpacked into ~/.cache, and its HTTP API."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from harness import free_port

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"),
                     "troupe-test-prometheus")


def programs():
    """The folder with prometheus and promtool, and why there is none.

    The package would start a service, so it is only unpacked.
    """
    if shutil.which("prometheus") and shutil.which("promtool"):
        return pathlib.Path(shutil.which("promtool")).parent, ""
    folder = CACHE / "usr" / "bin"
    if (folder / "promtool").exists():
        return folder, ""
    with tempfile.TemporaryDirectory() as work:
        for step in (["apt-get", "download", "prometheus"], ["sh", "-c", "dpkg-deb -x *.deb tree"]):
            try:
                done = subprocess.run(step, cwd=work, capture_output=True, text=True, timeout=300)
            except (OSError, subprocess.TimeoutExpired) as error:
                return None, str(error)
            if done.returncode:
                return None, done.stderr.strip()[-200:]
        shutil.rmtree(CACHE, ignore_errors=True)
        shutil.copytree(pathlib.Path(work, "tree", "usr", "bin"), folder)
    return folder, ""


class Prometheus:
    """One that scrapes `target` twice a second."""

    def __init__(self, folder, base, target, rules):
        self.port = free_port()
        config = base / "prometheus.yml"
        config.write_text(json.dumps({  # YAML enough
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms",
                       "evaluation_interval": "500ms"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "troupe", "static_configs": [{"targets": [target]}]}]}))
        self.log = open(base / "prometheus.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [folder / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={base}/tsdb",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    def query(self, expression):
        """{labels as a sorted tuple: value}, without those of the scrape itself."""
        at = f"http://127.0.0.1:{self.port}/api/v1/query?query={urllib.parse.quote(expression)}"
        with urllib.request.urlopen(at, timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
        return {tuple(sorted((k, v) for k, v in row["metric"].items()
                             if k not in ("job", "instance", "__name__"))): float(row["value"][1])
                for row in result}

    def wait_for(self, expression, right, seconds=30):
        """What it answers, as soon as that is right."""
        until = time.monotonic() + seconds
        seen = None
        while time.monotonic() < until:
            try:
                seen = self.query(expression)
                if right(seen):
                    return seen
            except OSError as error:  # it has not begun to listen
                seen = error
            time.sleep(0.1)
        self.log.seek(0)
        raise AssertionError(f"{expression} never came out right: {seen}\n{self.log.read()[-2000:]}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
