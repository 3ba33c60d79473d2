"""A web server on 127.0.0.1 that misbehaves as told, and a small MNIST to fetch from it."""

import dataclasses
import functools
import gzip
import hashlib
import io
import re
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np

from course import data
from course.data import download, sources


class FaultyServer:
    """Serves `files` (path -> bytes); `faults` (path -> list) says what goes wrong, in turn.

    Each request takes the first fault off its path's list, and the last one stays in force unless
    the list ends with None. `log` keeps (path, Range header or None, status) of each request.

    Faults: "busy" (503), "missing" (404), "portal" (an HTML page), "silent" (no answer),
    "stall" (half, then silence), "trickle" (half, then a byte now and then), "short" (half, then
    the end), "flipped" (one wrong byte), "slow" (a little pause before each piece), "no range"
    (ranges ignored), "stubborn range" (If-Range ignored), "no length" (neither length nor ETag),
    "packed" (gzip, whatever was asked for).

    `answers` (path, or "CONNECT" for a proxy's -> status, headers and, if any, body) takes the
    place of files and faults. With `tls`, an ssl.SSLContext, it speaks https.

    `pause` is that of "trickle" and "slow", in seconds.
    """

    def __init__(self, *, tls=None, port=0):
        self.pause = 0.005
        self.files, self.faults, self.log, self.answers = {}, {}, [], {}
        self.logins = []  # the Authorization header of each request, or None
        self.etags = {}  # path -> ETag, to overrule the one made from the content
        self.closing = threading.Event()
        handler = functools.partial(_Handler, self)
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # clients that hang up are part of the game
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self._http.server_port
        self.url = f"http{'s' * bool(tls)}://127.0.0.1:{self.port}/"

    def gets(self, path: str) -> list[tuple]:
        return [(asked, status) for name, asked, status in self.log if name == path]

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, faulty, *args):
        self.faulty = faulty
        super().__init__(*args)

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        """As a proxy does: pass on what comes from either side."""
        if "CONNECT" in self.faulty.answers:
            status, headers, *_ = self.faulty.answers["CONNECT"]
            self._answer(status, b"", headers)
            return
        self.close_connection = True
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self._log(200)
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            other = {self.connection: far, far: self.connection}
            while not self.faulty.closing.is_set():
                for side in select.select(list(other), [], [], 0.05)[0]:
                    if not (piece := side.recv(1 << 16)):
                        return
                    other[side].sendall(piece)

    def do_GET(self):
        path = self.path.lstrip("/")
        if path in self.faulty.answers:
            status, headers, *body = self.faulty.answers[path]
            self._answer(status, body[0] if body else b"", headers)
            return
        faults = self.faulty.faults.get(path, [None])
        fault = faults.pop(0) if len(faults) > 1 else faults[0]
        content = self.faulty.files.get(path)
        if fault == "silent":
            self._log(None)
            self.faulty.closing.wait()
        elif fault == "busy":
            self._answer(503, b"")
        elif fault == "missing" or content is None:
            self._answer(404, b"")
        elif fault == "portal":
            self._answer(200, b"<html>Please log in</html>" * 50, {"Content-Type": "text/html"})
        else:
            self._serve(path, content, fault)

    def _serve(self, path, content, fault):
        packed = {"Content-Encoding": "gzip"} if fault == "packed" else {}
        content = gzip.compress(content, mtime=0) if packed else content
        etag = self.faulty.etags.get(path, f'"{hashlib.md5(content).hexdigest()}"')
        headers = {"ETag": etag, "Content-Type": "application/octet-stream", **packed}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", etag) == etag or fault == "stubborn range"
        status, start = 200, 0
        if asked and same and fault != "no range":
            start = int(asked[1])
            if start >= len(content):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
                return
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        if fault == "flipped":
            body = body[:-5] + bytes([body[-5] ^ 255]) + body[-4:]
        half = len(body) // 2
        if fault == "no length":
            headers = {"Connection": "close", "Content-Length": None}
            self.close_connection = True
        pieces = {"short": [body[:half]], "stall": [body[:half], None]}.get(fault, [body])
        if fault == "trickle":
            pieces = [body[:half]] + [body[i : i + 1] for i in range(half, len(body))]
        if fault == "slow":
            pieces = [body[i : i + 5000] for i in range(0, len(body), 5000)]
        self._answer(status, pieces, {"Content-Length": str(len(body)), **headers}, fault)

    def _answer(self, status, body, headers=None, fault=None):
        self._log(status)
        pieces = [body] if isinstance(body, bytes) else body
        self.send_response(status)
        for key, value in {"Content-Length": str(len(pieces[0])), **(headers or {})}.items():
            if value is not None:
                self.send_header(key, value)
        self.end_headers()
        for number, piece in enumerate(pieces):
            if piece is None:
                self.faulty.closing.wait()
            elif fault in ("trickle", "slow") and number:
                self.faulty.closing.wait(self.faulty.pause)
            self.wfile.write(piece or b"")
            self.wfile.flush()
        if fault == "short":
            self.close_connection = True

    def _log(self, status):
        self.faulty.logins.append(self.headers.get("Authorization"))
        self.faulty.log.append((self.path.lstrip("/"), self.headers.get("Range"), status))


class SilentNetwork:
    """Connections that nobody answers: whoever waits for one waits on a clock of its own.

    In `course.data.download`, of which it takes the place of the clock, threads and events.
    """

    def __init__(self, monkeypatch):
        self.waited = 0.0  # seconds
        thread = SimpleNamespace(start=lambda: None)
        threads = SimpleNamespace(Event=lambda: self, Thread=lambda **_: thread)
        monkeypatch.setattr(download, "threading", threads)
        monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=lambda: self.waited))
        download.forget_unreachable()

    def wait(self, seconds):
        self.waited += seconds


def mnist_bytes(seed: int = 0) -> bytes:
    """A file like mnist.npz with 200 + 20 images of noise, about 170 kB."""
    random = np.random.default_rng(seed)
    arrays = {}
    for part, n in (("train", 200), ("test", 20)):
        arrays[f"x_{part}"] = random.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"y_{part}"] = np.arange(n, dtype=np.uint8) % 10
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def point_mnist_at(*urls: str, content: bytes | None = None) -> sources.Dataset:
    """MNIST's entry for `data.DATASETS`, with those hosts and the hash of `content`."""
    known_hash = content and "sha256:" + hashlib.sha256(content).hexdigest()
    file = dataclasses.replace(data.DATASETS["mnist"].files[0], known_hash=known_hash)
    shapes = {"x_train": (200, 28, 28), "y_train": (200,), "x_test": (20, 28, 28), "y_test": (20,)}
    return dataclasses.replace(data.DATASETS["mnist"], hosts=urls, files=(file,), shapes=shapes)
