"""What an executor finds around itself on AWS: the agent of ECS, and the metadata of an instance."""
import http.server
import json
import threading


class Machine(http.server.ThreadingHTTPServer):
    """`protected` is what the agent was told last, `history` all of it; `notice`: Spot takes it away."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.history, self.notice, self.strangers = [], False, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def protected(self):
        return bool(self.history) and self.history[-1]

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/task-protection/v1/state":
            self.server.history.append(json.loads(body)["ProtectionEnabled"])
            self.reply(200, json.dumps({"protection": {"ProtectionEnabled": self.server.protected}}))
        elif self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            self.reply(200, "TOKEN==")
        else:
            self.reply(404, "")

    def do_GET(self):
        if self.headers["X-aws-ec2-metadata-token"] != "TOKEN==":
            self.server.strangers += 1
            self.reply(401, "")
        elif self.path == "/latest/meta-data/spot/instance-action" and self.server.notice:
            self.reply(200, '{"action": "terminate", "time": "2030-01-01T00:00:00Z"}')
        else:
            self.reply(404, "")

    def log_message(self, *args):
        pass
