#!/usr/bin/env python3
"""mock_model.py - a model server in the dialects of Ollama and OpenAI that does what it is told.

Server(dialect, models, act): `act(request body) -> Reply` says what becomes of each generation.
It remembers all requests, and how many were under way at once.

    python3 mock_model.py PORT MODEL TEXT     one that run as a program, with one answer
"""
import http.server
import json
import sys
import threading
import time


class Reply:
    """One answer.  kind: ok, slow, hang, cut, garbage, huge, empty, status, late, length."""

    def __init__(self, text="", kind="ok", status=200, error="", delay=0.0):
        self.text, self.kind, self.status, self.error, self.delay = text, kind, status, error, delay


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send_json(self, status, value):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mock = self.server.mock
        if mock.list_reply is not None:
            return self.send_json(*mock.list_reply)
        if self.path == "/api/tags" and mock.dialect == "ollama":
            return self.send_json(200, {"models": [{"name": name} for name in mock.models]})
        if self.path == "/v1/models" and mock.dialect == "openai":
            return self.send_json(200, {"data": [{"id": name} for name in mock.models]})
        return self.send_json(404, {"error": "no such path"})

    def do_POST(self):
        mock = self.server.mock
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        with mock.lock:
            mock.requests.append(body)
            mock.raw.append(raw)
            mock.under_way += 1
            mock.most = max(mock.most, mock.under_way)
            self.is_under_way = True
        try:
            self.answer(mock, mock.act(body))
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self.over(mock)

    def over(self, mock):
        """Before the last bytes: whoever has them may ask for the next thing."""
        with mock.lock:
            mock.under_way -= self.is_under_way
            self.is_under_way = False

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def events(self, mock, reply):
        pieces = [reply.text[i:i + 7] for i in range(0, len(reply.text), 7)]
        last = "length" if reply.kind == "length" else "stop"
        if mock.dialect == "ollama":
            for piece in pieces:
                yield json.dumps({"message": {"role": "assistant", "content": piece},
                                  "done": False}) + "\n"
            yield json.dumps({"message": {"role": "assistant", "content": ""}, "done": True,
                              "done_reason": last, "prompt_eval_count": 11,
                              "eval_count": len(pieces)}) + "\n"
            return
        for piece in pieces:
            yield "data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": piece},
                                                      "finish_reason": None}]}) + "\n\n"
        yield "data: " + json.dumps({"choices": [{"index": 0, "delta": {},
                                                  "finish_reason": last}]}) + "\n\n"
        yield "data: " + json.dumps({"choices": [], "usage": {
            "prompt_tokens": 11, "completion_tokens": len(pieces)}}) + "\n\n"
        yield "data: [DONE]\n\n"

    def answer(self, mock, reply):
        time.sleep(reply.delay)
        if reply.kind == "hang":
            mock.stop.wait(60)
            self.close_connection = True
            return
        if reply.kind == "status":
            return self.send_json(reply.status, {"error": reply.error if mock.dialect == "ollama"
                                                 else {"message": reply.error}})
        if reply.kind == "garbage":
            return self.send_json(200, bytes(range(256)) * 64)
        if reply.kind == "empty":
            return self.send_json(200, b"")
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if reply.kind == "huge":
            for _ in range(64):
                self.chunk(b"x" * 65536)
        events = list(self.events(mock, reply))
        for number, event in enumerate(events):
            if reply.kind == "cut" and number == len(events) // 2:
                self.close_connection = True
                return
            if reply.kind == "stall" and number == len(events) // 2:
                mock.stop.wait(60)
                self.close_connection = True
                return
            if number == len(events) - 1:
                self.over(mock)
            self.chunk(event.encode())
        self.wfile.write(b"0\r\n\r\n")


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Server:
    def __init__(self, dialect, models, act, port=0):
        self.dialect, self.models, self.act = dialect, models, act
        self.list_reply = None
        self.requests, self.raw = [], []
        self.under_way = self.most = 0
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.listener = Listener(("127.0.0.1", port), Handler)
        self.listener.mock = self
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.stop.set()
        self.listener.shutdown()
        self.thread.join()
        self.listener.server_close()


if __name__ == "__main__":
    TEXT = sys.argv[3].replace("\\n", "\n")
    Server("ollama", [sys.argv[2]], lambda body: Reply(TEXT), int(sys.argv[1]))
