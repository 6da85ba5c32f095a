"""Model hub on this machine: answers its client from memory, with the faults that a test wants."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = (".bin", ".safetensors", ".onnx")
"""Suffixes of files outside of git, which have a sha256; the hub gives git's sha1 for the rest."""


class SimulatedHub:
    """Repos by name, each a dict of {path: content} at one revision, and files of another site by path."""

    def __init__(self) -> None:
        self.repos: dict[str, tuple[str, dict[str, bytes]]] = {}
        self.site: dict[str, bytes] = {}
        self.served_instead: dict[str, bytes] = {}
        """Content that arrives in place of what was promised, by path in the repo."""
        self.cut: dict[str, list[int]] = {}
        """Bytes that each next answer for a path sends before the connection breaks; then it works again."""
        self.held: dict[str, threading.Event] = {}
        """Events for which an answer waits after the first half of its bytes, by path in the repo."""
        self.answers_revision: str | None = None
        self.ignores_range = False
        self.log: list[str] = []
        """Method and path of every request, and its range."""
        self.endpoint = ""

    def add(self, repo: str, revision: str, files: dict[str, bytes]) -> None:
        """Publish a repo."""
        self.repos[repo] = (revision, files)

    def add_folder(self, repo: str, revision: str, folder: Path) -> None:
        """Publish a folder as a repo."""
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        self.add(repo, revision, {".gitattributes": b"* text", **files})

    def downloads(self) -> list[str]:
        """The requests for content, as "path range"."""
        return [line.removeprefix("GET ") for line in self.log if line.startswith("GET ") and "/api/" not in line]

    @contextmanager
    def running(self) -> Iterator["SimulatedHub"]:
        """Serve on a free port while inside."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and content are two writes: 40 ms an answer

            def do_HEAD(self) -> None:
                hub.answer(self)

            def do_GET(self) -> None:
                hub.answer(self)

            def do_POST(self) -> None:
                hub.answer(self)

            def do_PUT(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Route one request."""
        path = unquote(urlsplit(request.path).path).strip("/")
        self.log.append(f"{request.command} /{path} {request.headers.get('Range', '')}".rstrip())
        if path == "":
            send(request, 200)
        elif path.startswith("cdn/"):
            self.content(request, path.removeprefix("cdn/"))
        elif path in self.site:
            self.content(request, path)
        elif path.startswith("api/models/"):
            self.api(request, path.removeprefix("api/models/"))
        elif "/resolve/" in path:
            repo, _, rest = path.partition("/resolve/")
            self.resolve(request, repo, *rest.split("/", 1))
        else:
            send(request, 404)

    def api(self, request: BaseHTTPRequestHandler, path: str) -> None:
        """A repo's commit, or its files at one."""
        repo, kind, revision = next(
            (path.removesuffix(f"/{kind}/{last}"), kind, last)
            for kind in ("tree", "revision")
            for last in [path.rpartition("/")[2]]
            if path.endswith(f"/{kind}/{last}")
        )
        if repo not in self.repos:
            return send(request, 404, {"X-Error-Code": "RepoNotFound"})
        there, files = self.repos[repo]
        if revision not in (there, "main"):
            return send(request, 404, {"X-Error-Code": "RevisionNotFound"})
        if kind == "revision":
            return send(request, 200, body=json.dumps({"id": repo, "sha": there}).encode())
        entries = [self.entry(path, content) for path, content in files.items()]
        folders = {path.rpartition("/")[0] for path in files if "/" in path}
        entries += [{"type": "directory", "path": folder, "oid": "0" * 40, "size": 0} for folder in sorted(folders)]
        send(request, 200, body=json.dumps(entries).encode())

    def entry(self, path: str, content: bytes) -> dict[str, object]:
        """A file in a listing."""
        entry: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": git_sha1(content)}
        if path.endswith(LARGE):
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
        return entry

    def resolve(self, request: BaseHTTPRequestHandler, repo: str, revision: str, path: str) -> None:
        """A file's content; that of a large one is elsewhere."""
        there, files = self.repos[repo]
        if revision != there or path not in files:
            return send(request, 404, {"X-Error-Code": "EntryNotFound"})
        commit = {"X-Repo-Commit": self.answers_revision or there}
        if path.endswith(LARGE):
            return send(request, 302, {**commit, "Location": f"/cdn/{repo}@{path}"})
        self.content(request, f"{repo}@{path}", commit)

    def content(self, request: BaseHTTPRequestHandler, name: str, headers: dict[str, str] | None = None) -> None:
        """Bytes from where they are asked for."""
        repo, _, path = name.partition("@")
        body = self.site[name] if name in self.site else self.served_instead.get(path, self.repos[repo][1].get(path))
        assert body is not None
        start = int((request.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if self.ignores_range or start == 0:
            status, sent = 200, body
        else:
            status, sent = 206, body[start:]
            headers = {**(headers or {}), "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        breaks = self.cut.get(path or name, [])
        cut = breaks.pop(0) if breaks and request.command == "GET" else None
        send(request, status, headers, sent, cut, self.held.get(path))


def send(
    request: BaseHTTPRequestHandler,
    status: int,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    cut: int | None = None,
    held: threading.Event | None = None,
) -> None:
    """One answer; `cut` breaks the connection after so many bytes of it, `held` is waited for after half of them."""
    request.send_response(status)
    for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        begins = len(body) // 2 if held is not None else 0
        request.wfile.write(body[:begins])
        if held is not None:
            held.wait(60)
        request.wfile.write(body[begins:cut])
    if cut is not None:
        request.close_connection = True


def git_sha1(content: bytes) -> str:
    """Git's hash of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
