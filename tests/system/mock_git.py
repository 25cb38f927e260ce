"""mock_git.py - repositories behind HTTP, for those who know the token; git's own http-backend.

It keeps what it saw: the command line of every process while it was asked, for secrets in them.
"""
import base64
import http.server
import os
import pathlib
import subprocess
import threading


def git(*args, cwd, **more):
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@t",
               GIT_COMMITTER_NAME="t", GIT_COMMITTER_EMAIL="t@t")
    return subprocess.run(["git", *args], cwd=cwd, env=env, check=True, capture_output=True,
                          text=True, **more).stdout.strip()


class Git:
    """`with Git(folder, token) as remote:` serves folder/OWNER/NAME.git at remote.url."""

    def __init__(self, folder, token, host="127.0.0.1"):
        self.folder = pathlib.Path(folder)
        self.token = token
        self.paths = []
        self.refused = 0
        self.cmdlines = set()
        self.open = threading.Event()  # nobody gets an answer while it is not set
        self.open.set()
        self.asked = threading.Event()
        handler = type("Handler", (Handler,), {"remote": self})
        self.server = http.server.ThreadingHTTPServer((host, 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()

    def commit(self, repo, files, links=()):
        """A commit with exactly these files, on top of the last: its name."""
        bare = self.folder / f"{repo}.git"
        work = self.folder / "work" / repo
        if not bare.exists():
            git("init", "--quiet", "--bare", str(bare), cwd=self.folder)
            git("init", "--quiet", "-b", "main", str(work), cwd=self.folder)
        git("rm", "-rq", "--ignore-unmatch", ".", cwd=work)
        for name, text in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)
        for name, target in links:
            (work / name).symlink_to(target)
        git("add", "--force", ".", cwd=work)
        git("commit", "--quiet", "--allow-empty", "-m", "x", cwd=work)
        git("push", "--quiet", "--force", str(bare), "HEAD:refs/heads/topic", cwd=work)
        return git("rev-parse", "HEAD", cwd=work)


class Handler(http.server.BaseHTTPRequestHandler):
    remote = None

    def log_message(self, *_):
        pass

    def look(self):
        for cmdline in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.remote.cmdlines.add(cmdline.read_bytes())
            except OSError:
                pass

    def knows(self):
        wanted = base64.b64encode(f"x-access-token:{self.remote.token}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {wanted}"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.knows():
            self.remote.refused += 1
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.look()
        self.remote.paths.append(self.path)
        self.remote.asked.set()
        self.remote.open.wait()
        path, _, query = self.path.partition("?")
        env = dict(os.environ, GIT_PROJECT_ROOT=str(self.remote.folder), GIT_HTTP_EXPORT_ALL="1",
                   GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*",
                   PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command,
                   CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   CONTENT_LENGTH=str(len(body)), REMOTE_USER="x", REMOTE_ADDR="127.0.0.1",
                   HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        raw = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True,
                             check=False).stdout
        head, _, content = raw.partition(b"\r\n\r\n")
        lines = [line.split(b": ", 1) for line in head.split(b"\r\n") if line]
        status = next((int(v.split()[0]) for k, v in lines if k == b"Status"), 200)
        self.send_response(status)
        for name, value in lines:
            if name != b"Status":
                self.send_header(name.decode(), value.decode())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            pass  # who asked was killed

    do_GET = do_POST = answer
