"""Nothing that a person sends reaches the log, whatever they send and wherever."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.doors.conftest import Serve
from tests.support.page_client import FILE, PageClient
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

CANARY = "Secretname7531"


def canaries() -> Iterator[Any]:
    """Things that people send, each with a mark in it."""
    for path in (
        f"data:image/jpeg;base64,{CANARY}",
        f"/home/ann/{CANARY}.jpg",
        f"https://example.org/{CANARY}.jpg",
        CANARY,
    ):
        yield {"path": path, "meta": FILE}
        yield [{"path": path, "meta": FILE, "orig_name": CANARY, "url": path}]
    yield from (CANARY, [CANARY], {CANARY: CANARY}, {"path": {CANARY: 1}, "meta": CANARY}, [[CANARY]], {"url": CANARY})
    yield {"path": f"{CANARY}\0", "meta": {"_type": CANARY}}


def send_all(client: PageClient, names: list[str]) -> list[str]:
    """Send each canary as each argument of each endpoint; the answers."""
    answers = []
    for name in names:
        own = client.values(name)
        public = client.function(name)["api_visibility"] == "public"
        for k in range(len(own)):
            for canary in canaries():
                data = [*own[:k], canary, *own[k + 1 :]]
                if public and client.function(name)["queue"]:
                    called = client.call(name, data)
                    event = called.json().get("event_id")
                    answers.append(str(client.last_event(name, event)) if event else called.text)
                elif client.function(name)["queue"]:
                    answers.append(str(client.result(name, data)))
                else:
                    body = {"fn_index": client.function(name)["id"], "session_hash": client.session, "data": data}
                    answers.append(client.http.post(f"gradio_api/run/{name}", json=body).text)
    return answers


def endpoints(client: PageClient) -> list[str]:
    known = [one["api_name"] for one in client.config["dependencies"] if one["backend_fn"] and one["targets"]]
    others = re.compile(r"_\d$")  # the same event of another photo
    return sorted({name for name in known if name and not others.search(name)} | {"headshot", "check_photos", "recipe"})


def said_in_the_log(server: Server, names: list[str] | None = None) -> str:
    client = PageClient(server)
    answers = send_all(client, names or endpoints(client))
    client.close()
    assert answers and not [answer for answer in answers if "'error': None" in answer or '"error":null' in answer]
    return "".join(server.log)


@pytest.mark.scorecard("R22", cases=0)
def test_canaries_in_every_argument_never_reach_the_log(serve: Serve) -> None:
    server = serve(check_seconds=0, canaries=True)
    log = said_in_the_log(server)
    assert CANARY not in log and "Traceback" not in log and "incident" not in log


@pytest.mark.scorecard("R22", cases=0)
def test_canaries_in_addresses_and_names_never_reach_the_log(serve: Serve) -> None:
    server = serve(check_seconds=0, canaries=True)
    client = PageClient(server)
    for path in (f"gradio_api/call/{CANARY}", f"gradio_api/run/{CANARY}", f"gradio_api/call/v2/{CANARY}"):
        assert client.http.post(path, json={"data": [CANARY], CANARY: 1}).status_code in (400, 404)
    for path in (
        f"gradio_api/file={CANARY}",
        f"gradio_api/heartbeat/{CANARY}/",
        CANARY,
        f"?{CANARY}",
        f"gradio_api/info?{CANARY}",
    ):
        with client.http.stream("GET", path) as answer:
            assert answer.status_code < 500
    client.http.post("gradio_api/upload", files={"files": (f"{CANARY}.jpg", b"\xff\xd8\xff" + CANARY.encode(), CANARY)})
    client.close()
    log = "".join(server.log)
    assert CANARY not in log and "Traceback" not in log


@pytest.mark.scorecard("R22", cases=0)
def test_either_protection_is_enough_and_without_both_the_log_holds_them(serve: Serve) -> None:
    for without, held in (["own errors"], False), (["own errors", "silence"], True):
        server = serve(without=without)
        client = PageClient(server)
        send_all(client, ["check_photos"])
        client.close()
        log = "".join(server.log)
        assert log.count("\n") > 5 and (CANARY in log) is held
