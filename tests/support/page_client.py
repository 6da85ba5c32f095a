"""A page in a browser as the server sees it: its cookie, its session, and its calls, without a browser."""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.support.server import Server, selfie

FILE = {"_type": "gradio.FileData"}


class PageClient:
    """One open page. `address` is the loopback address it comes from; without `cookie` it is a script."""

    def __init__(self, server: Server, *, cookie: bool = True, address: str = "127.0.0.1"):
        transport = httpx.HTTPTransport(local_address=address)
        self.http = httpx.Client(base_url=server.url, timeout=60, transport=transport)
        self.session = secrets.token_hex(6)
        self.config = self.http.get("config").json()
        if cookie:
            self.http.get("")

    def close(self) -> None:
        self.http.close()

    def function(self, name: str) -> dict[str, Any]:
        return next(known for known in self.config["dependencies"] if known["api_name"] == name)

    def values(self, name: str, **given: Any) -> list[Any]:
        """The values that the page's controls have at first, or those given by the control's elem_id."""
        components = {component["id"]: component for component in self.config["components"]}
        props = [components[number]["props"] for number in self.function(name)["inputs"]]
        return [given.get(prop.get("elem_id") or "", prop.get("value")) for prop in props]

    def upload(self, photo: Path | bytes | None = None) -> httpx.Response:
        content = photo if isinstance(photo, bytes) else (photo or selfie(6)).read_bytes()
        return self.http.post("gradio_api/upload", files={"files": ("me.jpg", content, "image/jpeg")})

    def photo(self, person: int = 6) -> dict[str, Any]:
        return {"path": self.upload(selfie(person)).json()[0], "meta": FILE}

    def join(self, name: str, data: Sequence[Any], *, patient: bool = False, **parts: Any) -> httpx.Response:
        """Put a call into the queue, as the page does."""
        body = {"fn_index": self.function(name)["id"], "session_hash": self.session, "data": list(data), **parts}
        for _ in range(100):  # a call that has just ended leaves its place a moment after it has said so
            joined = self.http.post("gradio_api/queue/join", json=body)
            if joined.status_code != 429 or not patient:
                return joined
            time.sleep(0.02)
        return joined

    def call(self, name: str, data: Any, **parts: Any) -> httpx.Response:
        """Put a call into the queue, as a script does."""
        return self.http.post(f"gradio_api/call/{name}", json={"data": data, **parts})

    def messages(self, session: str | None = None) -> Iterator[dict[str, Any]]:
        """Messages of the queue to a session, until nothing more is to come."""
        params = {"session_hash": session or self.session}
        with self.http.stream("GET", "gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    yield message
                    if message["msg"] in ("close_stream", "unexpected_error"):
                        return

    def result(self, name: str, data: Sequence[Any]) -> dict[str, Any]:
        """The last message of a call of the page's: `success`, and `output` with `data` or `error`."""
        joined = self.join(name, data, patient=True)
        assert joined.status_code == 200, joined.text
        event = joined.json()["event_id"]
        done = [m for m in self.messages() if m["msg"] == "process_completed" and m["event_id"] == event]
        return done[0]

    def answer(self, name: str, data: Any, **parts: Any) -> tuple[str, Any]:
        """The last event of a script's call: its name and its data."""
        called = self.call(name, data, **parts)
        assert called.status_code == 200, called.text
        return self.last_event(name, called.json()["event_id"])

    def last_event(self, name: str, event: str) -> tuple[str, Any]:
        text = self.http.get(f"gradio_api/call/{name}/{event}").text
        kind, data = text.strip().split("\n\n")[-1].split("\n")
        return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def headshot(client: PageClient, **given: Any) -> list[Any]:
    """Values of a run through the API, with consent, a photo that is uploaded for it, and those given by name."""
    values = client.values("headshot")
    if "photos" not in given:
        values[0] = [client.photo()]
    names = [
        one["parameter_name"]
        for one in client.http.get("gradio_api/info").json()["named_endpoints"]["/headshot"]["parameters"]
    ]
    return [given.get(name, True if name == "consent" else value) for name, value in zip(names, values, strict=True)]
