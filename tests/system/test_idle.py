"""A kept cluster without a run costs next to nothing."""
import os
import pathlib
import time
import unittest

from harness import Place

SECONDS = 10


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


class Idle(unittest.TestCase):
    def test_an_idle_cluster_is_cheap(self):
        place = Place()
        self.addCleanup(place.close)
        up = place.run("up", "--workers", "2")
        self.assertEqual(up.returncode, 0, up.stderr)
        time.sleep(3)
        pids = list(place.processes())
        before = sum(map(cpu_seconds, pids))
        time.sleep(SECONDS)
        used = (sum(map(cpu_seconds, pids)) - before) / SECONDS
        memory = sum(map(pss_bytes, pids))
        print(f"idle: {len(pids)} processes, {100 * used:.2f} % of a core, "
              f"{memory / 2**20:.1f} MiB PSS")
        self.assertEqual(place.run("down").returncode, 0)
        self.assertLess(memory, 80e6)
        # A tick of the process clock is 10 ms, so ten seconds cannot show less than 0.1 %.
        self.assertLess(used, 0.005 + 0.003)


if __name__ == "__main__":
    unittest.main()
