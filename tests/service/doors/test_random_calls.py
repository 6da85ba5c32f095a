"""Five hundred calls that no client would make: each is answered with a sentence, and the server is not to blame."""

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.doors.conftest import Serve
from tests.support.page_client import FILE, PageClient
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

CALLS, SEED = 500, 7
VALUES: list[Any] = [
    *(None, True, 0, -1, 10**9, 10**400, 1.5, -0.0, float("nan"), float("inf")),
    *(
        "",
        "x" * 100_000,
        "\0\x1b[31m",
        "<script>alert(1)</script>",
        "\ud800",
        "corporate",
        "builtin",
        "../../etc/passwd",
    ),
    *([], [[]], [None] * 50, {}, {"a": {"b": {"c": {"d": {}}}}}),
    *({"path": None}, {"path": 5, "meta": FILE}, {"path": "/etc/passwd", "meta": FILE}, {"meta": []}),
    *({"path": "https://example.org/a.jpg", "meta": FILE}, {"path": "data:image/png;base64,AAAA", "meta": FILE}),
]
WAYS = ("call", "call", "run", "api", "call/v2", "queue/join", "cancel", "reset")
RAW = (b"", b"{", b"[]", b"null", b"[" * 5000, b'{"data":' + b"9" * 5000 + b"}", b'{"data":[1],"data":5}', b"\xff\xfe")


def requests(client: PageClient, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    names = [known["api_name"] for known in client.config["dependencies"] if known["api_name"]]
    for _ in range(CALLS):
        way = chance.choice(WAYS)
        name = chance.choice([*names, "headshot", "check_photos", "recipe", "looks", "nothing", "%00"])
        path = f"gradio_api/{way}" if way in ("queue/join", "cancel", "reset") else f"gradio_api/{way}/{name}"
        wanted = next((len(one["inputs"]) for one in client.config["dependencies"] if one["api_name"] == name), 3)
        count = wanted if chance.random() < 0.7 else chance.randrange(40)
        body: Any = {"data": [chance.choice(VALUES) for _ in range(count)]}
        for part in ("session_hash", "fn_index", "event_id", "trigger_id", "event_data", "batched", "simple_format"):
            if chance.random() < 0.3:
                own = {"session_hash": client.session, "fn_index": chance.randrange(60)}
                body[part] = own.get(part) if chance.random() < 0.7 else chance.choice(VALUES)
        if way == "call/v2":
            body = {chance.choice(["photos", "picture", "consent", "x"]): chance.choice(VALUES) for _ in range(3)}
        yield path, chance.choice(RAW) if chance.random() < 0.1 else json.dumps(body).encode()


def complaints(answer: httpx.Response, client: PageClient, path: str) -> list[str]:
    """Faults of an answer: a server error, or a refusal without a sentence."""
    if answer.status_code >= 500:
        return [f"{answer.status_code}: {answer.text[:100]}"]
    if answer.status_code >= 400:
        said = answer.json()
        said = said.get("detail") or said.get("error")
        return [] if isinstance(said, str) and said.strip().endswith(".") else [f"no sentence: {answer.text[:100]}"]
    if "event_id" not in answer.text or path.endswith("queue/join"):
        return []
    kind, data = client.last_event(path.rpartition("/")[2], answer.json()["event_id"])
    if kind == "error":
        said = data["error"] if isinstance(data, dict) else data
        return [] if isinstance(said, str) and said.strip().endswith((".", ".&quot;")) else [f"no sentence: {data}"]
    return []


def all_complaints(server: Server) -> list[str]:
    client = PageClient(server)
    found = []
    for path, body in requests(client, random.Random(SEED)):
        answer = client.http.post(path, content=body, headers={"content-type": "application/json"})
        found += [f"{path}: {complaint}" for complaint in complaints(answer, client, path)]
    client.close()
    return found


@pytest.mark.scorecard("R17", cases=CALLS)
def test_random_calls_are_answered_with_sentences(serve: Serve) -> None:
    server = serve(random=True)
    assert all_complaints(server) == []
    log = "".join(server.log)
    assert "Traceback" not in log and "incident" not in log
    assert httpx.get(server.url).status_code == 200


@pytest.mark.scorecard("R17", cases=0)
def test_without_the_door_they_are_the_server_s_fault(serve: Serve) -> None:
    assert len(all_complaints(serve(without=["calls", "own errors"]))) > 50


@pytest.mark.scorecard("R17")
@pytest.mark.parametrize(
    ("photo", "sentence"),
    [
        ({"path": "https://example.org/me.jpg", "meta": FILE}, "fetches no photos"),
        ({"path": "data:image/jpeg;base64,/9j/", "meta": FILE}, "fetches no photos"),
        ({"path": "/home/ann/me.jpg", "meta": FILE}, "not there"),
        ({"url": "https://example.org/me.jpg"}, "not there"),
        ("me.jpg", "not there"),
    ],
)
def test_a_photo_that_was_not_uploaded_is_refused_with_a_sentence(server: Server, photo: Any, sentence: str) -> None:
    client = PageClient(server, cookie=False)
    kind, data = client.answer("check_photos", [[photo], None, True])
    assert kind == "error" and sentence in data["error"]
    client.close()


@pytest.mark.scorecard("R17")
def test_missing_and_unknown_arguments_are_named(server: Server) -> None:
    client = PageClient(server, cookie=False)
    assert "3 values, and 1 came" in client.call("check_photos", [[]]).json()["detail"]
    named = client.http.post("gradio_api/call/v2/check_photos", json={"consent": True, "face": 1})
    assert "photos, faces, consent" in named.json()["detail"]
    assert "/headshot" in client.call("nothing", []).json()["detail"]
    direct = client.http.post("gradio_api/run/headshot", json={"data": []})
    assert "/gradio_api/call/headshot" in direct.json()["detail"]
    client.close()
