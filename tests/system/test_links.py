"""Links between real processes, and a network that loses them."""
import pathlib
import socket
import subprocess
import time
import unittest

from harness import TROUPE, Place

NODE = str(pathlib.Path(TROUPE).parent / "troupe-node")


class Links(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def start(self, name, *args):
        log = open(self.place.base / f"{name}.log", "a+")
        process = subprocess.Popen([NODE, "--name", name, *args], env=self.place.env, stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def wait_for_log(self, name, words, seconds):
        until = time.monotonic() + seconds
        while words not in (text := (self.place.base / f"{name}.log").read_text()):
            self.assertLess(time.monotonic(), until, f"{words!r} not in\n{text}")
            time.sleep(0.05)

    def test_a_machine_that_does_not_even_refuse_is_asked_anew(self):
        """As one does that has gone: the kernel would ask it again after 1, 3, 7, 15, 31 s only."""
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            silent.bind(("127.0.0.1", 0))
            silent.listen(0)
            address = silent.getsockname()
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:  # a queue that is full drops what comes
                one.setblocking(False)
                one.connect_ex(address)
            self.place.state.mkdir(mode=0o700, exist_ok=True)
            endpoint = f"tcp://{address[0]}:{address[1]}"
            self.start("executor", "--role", "executor", "--connect", endpoint,
                       "--set", "runtime.heartbeat_ms=200", "--set", "runtime.silence_ms_max=1000")
            time.sleep(8)
            for one in waiting:
                one.close()
        self.start("coordinator", "--role", "coordinator", "--bind", endpoint,
                   "--state", str(self.place.state))
        self.wait_for_log("coordinator", "msg=started", 60)
        self.wait_for_log("executor", "link up peer=coordinator", 4)


if __name__ == "__main__":
    unittest.main()
