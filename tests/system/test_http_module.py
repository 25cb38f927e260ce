"""HTTP is a file of its own: who does not use it does not pay for it, who misses it is told so."""
import http.client
import os
import pathlib
import shutil
import subprocess
import time
import unittest

from harness import TROUPE, Place, free_port

BUILD = pathlib.Path(TROUPE).parent
MODULE = "troupe-http.so"
HEAVY = ("libcurl", "libmicrohttpd")


def needed(path):
    """The libraries that the loader maps because this file names them."""
    text = subprocess.run(["readelf", "--dynamic", "--wide", path], check=True, text=True,
                          capture_output=True, env=dict(os.environ, LC_ALL="C")).stdout
    return [line.split("[")[1].rstrip("]") for line in text.splitlines() if "(NEEDED)" in line]


def exported(path):
    text = subprocess.run(["nm", "--dynamic", "--defined-only", path], check=True, text=True,
                          capture_output=True).stdout
    return [line.split()[-1] for line in text.splitlines()]


class Files(unittest.TestCase):
    def test_only_the_module_needs_the_libraries_of_http(self):
        for program in ("troupe", "troupe-node"):
            names = needed(BUILD / program)
            self.assertTrue(any(name.startswith("libzmq") for name in names), names)
            self.assertFalse([name for name in names if name.startswith(HEAVY)], program)
        names = needed(BUILD / MODULE)
        for heavy in HEAVY:
            self.assertTrue(any(name.startswith(heavy) for name in names), names)

    def test_the_module_shows_its_table_alone(self):
        self.assertEqual([name for name in exported(BUILD / MODULE) if not name.startswith("__")],
                         ["troupe_http"])


class Processes(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.place.state.mkdir(mode=0o700)

    def monitor(self, program):
        """Port and process of a monitor."""
        endpoint = f"ipc://{self.place.runtime}/coordinator"
        port = free_port()
        process = subprocess.Popen(
            [str(program), "--role", "monitor", "--name", f"monitor-{self.place.base.name}",
             "--connect", endpoint, "--set", f"monitor.listen=127.0.0.1:{port}"],
            env=self.place.env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return port, process

    def status(self, port, seconds=20):
        """Of GET /health/live, as soon as somebody listens."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/health/live")
                return connection.getresponse().status
            except ConnectionError:
                time.sleep(0.05)
            finally:
                connection.close()
        return 0

    def maps(self, pid):
        return pathlib.Path(f"/proc/{pid}/maps").read_text()

    def test_an_idle_cluster_has_not_loaded_it(self):
        up = self.place.run("up", "--workers", "2")
        self.assertEqual(up.returncode, 0, up.stderr)
        pids = list(self.place.processes())
        self.assertGreaterEqual(len(pids), 4)
        for pid in pids:
            text = self.maps(pid)
            self.assertIn("libc.so", text)
            for heavy in (MODULE, *HEAVY):
                self.assertNotIn(heavy, text)
        self.assertEqual(self.place.run("down").returncode, 0)

    def test_it_is_found_where_it_is_installed(self):
        root = self.place.base / "root"
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True,
                       env=dict(os.environ, DESTDIR=str(root)), capture_output=True, timeout=60)
        program, = root.rglob("bin/troupe-node")
        module, = root.rglob(MODULE)
        self.assertEqual(module.parent.name, "troupe")
        port, process = self.monitor(program)
        self.assertEqual(self.status(port), 200)
        self.assertIn(str(module.resolve()), self.maps(process.pid))

    def test_a_program_without_it_says_which_file_is_missing(self):
        alone = self.place.base / "alone"
        alone.mkdir()
        shutil.copy(BUILD / "troupe-node", alone)
        _, process = self.monitor(alone / "troupe-node")
        self.assertEqual(process.wait(timeout=60), 70)
        log = process.stderr.read()
        self.assertEqual(log.count(MODULE), 1, log)
        self.assertIn("UNSUPPORTED", log)


if __name__ == "__main__":
    unittest.main()
