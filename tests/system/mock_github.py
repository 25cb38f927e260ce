"""mock_github.py - the part of GitHub's API that the gateway uses, as strict as GitHub's.

It refuses what GitHub refuses (no token, no JSON, limits, unknown names) with the same status, and
records every call.  `fail(...)` makes the next calls of a kind answer badly.
"""
import http.server
import json
import re
import threading

TEXT_MAX = 65535
REPO = r"/repos/(?P<repo>[\w.-]+/[\w.-]+)"
ROUTES = [
    ("POST", re.compile(REPO + r"/check-runs"), "create_check"),
    ("PATCH", re.compile(REPO + r"/check-runs/(?P<id>\d+)"), "update_check"),
    ("GET", re.compile(REPO + r"/commits/(?P<sha>[0-9a-f]+)/check-runs"), "list_checks"),
    ("GET", re.compile(REPO + r"/issues/(?P<number>\d+)/comments"), "list_comments"),
    ("POST", re.compile(REPO + r"/issues/(?P<number>\d+)/comments"), "create_comment"),
    ("PATCH", re.compile(REPO + r"/issues/comments/(?P<id>\d+)"), "update_comment"),
    ("GET", re.compile(REPO + r"/collaborators/(?P<login>[\w-]+)/permission"), "permission_of"),
    ("GET", re.compile(REPO + r"/pulls/(?P<number>\d+)"), "get_pull"),
]


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def need(condition, message, status=422):
    if not condition:
        raise Refused(status, message)


class GitHub:
    """`with GitHub("token", repos={"o/r"}) as github:` serves at github.url."""

    def __init__(self, token, repos, host="127.0.0.1"):
        self.token = token
        self.repos = repos
        self.checks = {}    # id -> check run
        self.comments = {}  # id -> comment, with its `number`
        self.may = {}       # login -> permission
        self.pulls = {}     # number -> pull request
        self.calls = []     # (method, path, status)
        self.bad = []       # what the next calls that fit get: (method, part of the path, how)
        self.lock = threading.Lock()
        self.next_id = 1
        handler = type("Handler", (Handler,), {"github": self})
        self.server = http.server.ThreadingHTTPServer((host, 0), handler)
        self.url = f"http://{host}:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, method, part, how, times=1):
        """`how`: a status, (status, {header: value}), or "late": it works, and nobody is told."""
        with self.lock:
            self.bad += [(method, part, how)] * times

    def take_failure(self, method, path):
        for i, (bad_method, part, how) in enumerate(self.bad):
            if bad_method == method and part in path:
                del self.bad[i]
                return how
        return None

    def made(self, what):
        with self.lock:
            what["id"] = self.next_id
            self.next_id += 1
        return what

    # ---- check runs ----

    @staticmethod
    def judge_check(body):
        need(body.get("status") in (None, "queued", "in_progress", "completed"), "status")
        conclusions = ("success", "failure", "neutral", "cancelled", "timed_out", "skipped",
                       "action_required")
        done = body.get("status") == "completed"
        need(("conclusion" in body) == done, "conclusion belongs to completed")
        need(not done or body["conclusion"] in conclusions, "conclusion")
        output = body.get("output")
        if output is None:
            return
        need(isinstance(output.get("title"), str) and output["title"], "title")
        need(isinstance(output.get("summary"), str), "summary")
        for key in ("summary", "text"):
            need(len(output.get(key, "")) <= TEXT_MAX, f"{key} is too long")
        annotations = output.get("annotations", [])
        need(len(annotations) <= 50, "more than 50 annotations")
        for one in annotations:
            need(one["path"] and not one["path"].startswith("/"), "path")
            need(1 <= one["start_line"] <= one["end_line"], "lines")
            need(one["annotation_level"] in ("notice", "warning", "failure"), "level")
            need(one["message"] and len(one["message"]) <= 65536, "message")
            need(len(one.get("title", "")) <= 255, "title of an annotation")

    def create_check(self, body, repo, **_):
        need(isinstance(body.get("name"), str), "name")
        need(re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", body.get("head_sha", "")), "head_sha")
        self.judge_check(body)
        check = self.made({"repo": repo})
        self.checks[check["id"]] = check
        self.take_output(check, body)
        return 201, check

    @staticmethod
    def take_output(check, body):
        """Annotations are added to those that are there."""
        had = check.get("output", {}).get("annotations", [])
        check.update(body)
        if "output" in body:
            made = had + body["output"].get("annotations", [])
            check["output"] = dict(body["output"], annotations=made, annotations_count=len(made))

    def update_check(self, body, id, **_):
        check = self.checks.get(int(id))
        need(check, "no such check run", 404)
        self.judge_check(body)
        self.take_output(check, body)
        return 200, check

    def list_checks(self, query, repo, sha, **_):
        found = [c for c in self.checks.values()
                 if c["repo"] == repo and c["head_sha"] == sha
                 and c["name"] == query.get("check_name", c["name"])]
        return 200, {"total_count": len(found), "check_runs": page(found, query)}

    # ---- people and pull requests ----

    def permission_of(self, login, **_):
        need(login in self.may, "not a collaborator", 404)
        return 200, {"permission": self.may[login], "user": {"login": login}}

    def get_pull(self, number, **_):
        need(int(number) in self.pulls, "not found", 404)
        return 200, self.pulls[int(number)]

    # ---- comments ----

    def list_comments(self, query, number, **_):
        found = [c for c in self.comments.values() if c["number"] == int(number)]
        return 200, page(found, query)

    @staticmethod
    def judge_comment(body):
        text = body.get("body")
        need(isinstance(text, str) and 0 < len(text) <= 65536, "body")

    def create_comment(self, body, number, **_):
        self.judge_comment(body)
        comment = self.made({"number": int(number), "body": body["body"], "ours": True})
        self.comments[comment["id"]] = comment
        return 201, comment

    def update_comment(self, body, id, **_):
        comment = self.comments.get(int(id))
        need(comment, "no such comment", 404)
        need(comment["ours"], "somebody else's", 403)
        self.judge_comment(body)
        comment["body"] = body["body"]
        return 200, comment


def page(found, query):
    size = min(int(query.get("per_page", 30)), 100)
    first = (int(query.get("page", 1)) - 1) * size
    return found[first:first + size]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    github = None

    def log_message(self, *_):
        pass

    def read_body(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "GET":
            return {}
        need("application/json" in self.headers.get("Content-Type", ""), "no JSON", 415)
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refused(400, "problems parsing JSON") from None
        need(isinstance(body, dict), "body should be a JSON object", 400)
        return body

    def judge_headers(self):
        need(self.headers.get("Authorization") == f"Bearer {self.github.token}",
             "bad credentials", 401)
        need(self.headers.get("User-Agent"), "user agent", 403)

    def work(self, path, query):
        for method, pattern, name in ROUTES:
            match = pattern.fullmatch(path)
            if match and method == self.command:
                need(match["repo"] in self.github.repos, "not found", 404)
                body = self.read_body()
                parts = match.groupdict()
                with_query = {"query": query} if method == "GET" else {"body": body}
                return getattr(self.github, name)(**with_query, **parts)
        raise Refused(404, "not found")

    def handle_call(self):
        path, _, query = self.path.partition("?")
        query = dict(part.split("=", 1) for part in query.split("&") if part)
        how = self.github.take_failure(self.command, path)
        headers = {}
        if how is None or how == "late":
            try:
                self.judge_headers()
                status, answer = self.work(path, query)
            except Refused as refused:
                status, answer = refused.status, {"message": str(refused)}
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers = how if isinstance(how, tuple) else (how, {})
            answer = {"message": "told to fail"}
        self.github.calls.append((self.command, path, "late" if how == "late" else status))
        if how == "late":
            self.close_connection = True
            self.connection.close()
            return
        raw = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PATCH = handle_call
