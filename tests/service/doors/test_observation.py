"""Health, metrics and the JSON log of a real server: they tell of runs and refusals, and of no person."""

import contextlib
import json
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.page.observation.test_watch import numbers
from tests.service.doors.conftest import Serve
from tests.support.page_client import FILE, PageClient, headshot
from tests.support.server import Server, free_port

pytestmark = [pytest.mark.service, pytest.mark.slow]

CANARY = "Secretname7531"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(serve: Serve, port: int) -> Server:
    """A server that is watched, after a run, a wrong photo, a foreign request and a strange address."""
    server = serve("--metrics", str(port), "--log-json", run_seconds=0.2)
    page = PageClient(server, cookie=False)
    told = {"words": CANARY, "seed": 987654}
    assert page.answer("headshot", headshot(page, **told))[0] == "complete"
    wrong = page.upload(b"\xff\xd8\xff" + CANARY.encode()).json()[0]
    assert page.answer("headshot", headshot(page, photos=[{"path": wrong, "meta": FILE}], **told))[0] == "error"
    assert httpx.get(f"{server.url}config", headers={"host": f"{CANARY}.example"}).status_code == 421
    assert httpx.get(f"{server.url}{CANARY}").status_code == 404
    page.close()
    return server


def test_metrics_count_what_happened_and_name_nobody(server: Server, port: int) -> None:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert CANARY not in text and "987654" not in text and "127.0.0.1" not in text
    found = numbers(text)
    for name, value in {
        'headshot_runs_total{engine="builtin",outcome="done"}': 1,
        'headshot_runs_total{engine="builtin",outcome="refused"}': 1,
        'headshot_pictures_total{engine="builtin"}': 1,
        'headshot_runs_now{state="running"}': 0,
        'headshot_stage_seconds_count{engine="builtin",stage="drawing"}': 1,
        'headshot_refusals_total{kind="photo"}': 1,
        'headshot_refusals_total{kind="host"}': 1,
        'headshot_refusals_total{kind="address"}': 1,
    }.items():
        assert found[name] == value, name
    assert 0.2 <= found['headshot_stage_seconds_sum{engine="builtin",stage="drawing"}'] < 5


def test_metrics_are_not_at_the_page_s_address(server: Server) -> None:
    assert httpx.get(f"{server.url}metrics").status_code == 404


def test_every_line_of_the_json_log_is_one_and_names_nobody(server: Server) -> None:
    text = "".join(server.log)
    lines = [json.loads(line) for line in server.log]
    assert {"time", "level", "message"} <= set.intersection(*(set(line) for line in lines))
    runs = [line for line in lines if line.get("event") == "run"]
    assert [(run["outcome"], run["refusal"], run["pictures"]) for run in runs] == [
        ("done", None, 1),
        ("refused", "photo", 0),
    ]
    assert {421, 404} <= {line["status"] for line in lines if line.get("event") == "refusal"}
    assert CANARY not in text and "987654" not in text and "headshot-" not in text


# Health and stop


def test_a_server_that_is_told_to_stop_is_alive_and_no_longer_ready(serve: Serve) -> None:
    server = serve(run_seconds=2)  # a run lets it go on for a moment
    page = PageClient(server)
    assert not [line for line in server.log if line.startswith("{") or "Metrics" in line]  # neither unless asked for
    assert httpx.get(f"{server.url}readyz").json() == {"status": "ready"}
    assert page.call("headshot", headshot(page)).status_code == 200
    server.process.send_signal(signal.SIGTERM)
    seen = list(answers(server))
    page.close()
    assert ("healthz", 200) in seen and ("readyz", 503) in seen
    assert server.process.wait(10) == 0


def answers(server: Server) -> Iterator[tuple[str, int]]:
    """Answers of the two addresses until the server has gone."""
    with httpx.Client(base_url=server.url, timeout=5) as client, contextlib.suppress(httpx.HTTPError):
        while server.process.poll() is None:
            for path in ("healthz", "readyz"):
                yield path, client.get(path).status_code
