"""Caps on a real server: whoever asks for too much is told at once, and everybody else is served."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.service.doors.conftest import Serve
from tests.support.loops import in_a_loop
from tests.support.page_client import PageClient, headshot
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

NO_FACES = [None] * 6
MEGABYTE = 2**20


@contextmanager
def page(server: Server, **options: object) -> Iterator[PageClient]:
    client = PageClient(server, **options)  # type: ignore[arg-type]
    yield client
    client.close()


# Runs


def burst(server: Server, addresses: int) -> tuple[Counter, list[float]]:
    """Ask for a hundred runs at once; return how many answers have each status, and the seconds of each refusal."""
    with page(server, cookie=False) as client:
        body = {"data": headshot(client)}

    async def ask(client: httpx.AsyncClient) -> tuple[int, float]:
        began = time.monotonic()
        answer = await client.post(f"{server.url}gradio_api/call/headshot", json=body)
        return answer.status_code, time.monotonic() - began

    async def all_at_once() -> list[tuple[int, float]]:
        transports = [httpx.AsyncHTTPTransport(local_address=f"127.0.0.{10 + k}") for k in range(addresses)]
        clients = [httpx.AsyncClient(transport=transport, timeout=60) for transport in transports]
        try:
            return await asyncio.gather(*(ask(clients[k % addresses]) for k in range(100)))
        finally:
            for one in clients:
                await one.aclose()

    answers = in_a_loop(all_at_once)
    return Counter(status for status, _ in answers), [seconds for status, seconds in answers if status == 429]


@pytest.mark.scorecard("R7", cases=100)
def test_a_burst_of_a_hundred_is_answered_at_once(serve: Serve) -> None:
    server = serve(run_seconds=5, burst=True)
    answers, seconds = burst(server, addresses=10)
    assert answers == {200: 16, 429: 84}
    print(f"refusals after {sorted(seconds)[42]:.2f} s (median), {max(seconds):.2f} s (last)")
    assert sorted(seconds)[42] < 1.0


@pytest.mark.scorecard("R7", cases=0)
def test_one_address_never_takes_the_whole_line(serve: Serve) -> None:
    server = serve(run_seconds=5, line=True)
    answers, _ = burst(server, addresses=1)
    assert answers == {200: 8, 429: 92}
    with page(server, cookie=False, address="127.0.0.99") as other:
        assert other.call("headshot", headshot(other)).status_code == 200


@pytest.mark.scorecard("R7", cases=0)
def test_without_the_door_nobody_is_refused_there(serve: Serve) -> None:
    answers, _ = burst(serve(without=["calls"], run_seconds=1), addresses=10)
    assert answers == {200: 100}


@pytest.mark.scorecard("R6", cases=0)
def test_a_visitor_has_one_run_and_one_waiting(serve: Serve) -> None:
    server = serve(run_seconds=5, visitor=True)
    with page(server) as ann, page(server) as bob:
        for client in (ann, bob):
            client.result("add_photos", [[client.photo()], True, *NO_FACES])
        data = ann.values("generate", consent=True)
        assert [ann.join("generate", data).status_code for _ in range(3)] == [200, 200, 429]
        assert "one run going and another waiting" in ann.join("generate", data).json()["detail"]
        ann.session = "another-tab"
        assert ann.join("generate", data).status_code == 429
        assert bob.join("generate", data).status_code == 200


# Photo checks


def test_checks_of_one_script_keep_nobody_else_waiting(serve: Serve) -> None:
    server = serve(check_seconds=3, checks=True)
    with page(server, cookie=False) as script, page(server, address="127.0.0.2") as ann:
        data = [[script.photo()], None, True]
        assert [script.call("check_photos", data).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
        photo = ann.photo()
        began = time.monotonic()
        assert ann.result("add_photos", [[photo], False, *NO_FACES])["success"]
        assert time.monotonic() - began < 3
        with page(server, cookie=False, address="127.0.0.3") as other:
            assert other.call("check_photos", [[other.photo()], None, True]).status_code == 200


# Uploads


def send(client: PageClient, megabytes: int) -> httpx.Response:
    return client.upload(b"\xff\xd8\xff" + bytes(megabytes * MEGABYTE))


@pytest.mark.scorecard("R14")
def test_uploads_have_a_cap_and_others_may_still_send(serve: Serve) -> None:
    server = serve(uploads=True)
    with page(server) as flood, page(server, address="127.0.0.2") as other:
        taken = [send(flood, 29).status_code for _ in range(9)]
        assert taken == [200] * 6 + [429] * 3
        assert "sent many photos" in send(flood, 29).json()["detail"]
        assert other.upload().status_code == 200
        size = sum(file.stat().st_size for file in server.files())
        assert size < 201 * MEGABYTE


@pytest.mark.scorecard("R14")
def test_fresh_cookies_do_not_help_one_address(serve: Serve) -> None:
    server = serve(uploads="address")
    with page(server) as flood, page(server, address="127.0.0.2") as other:
        taken = []
        for _ in range(16):
            flood.http.cookies.clear()
            flood.http.get("")
            taken.append(send(flood, 29).status_code)
        assert taken == [200] * 13 + [429] * 3
        assert other.upload().status_code == 200


@pytest.mark.scorecard("R14", cases=0)
def test_without_the_door_uploads_have_none(serve: Serve) -> None:
    with page(serve(without=["uploads"])) as flood:
        assert [send(flood, 29).status_code for _ in range(9)] == [200] * 9


@pytest.mark.scorecard("R16")
def test_a_file_that_is_too_large_is_refused_by_gradio_s_own_limit(server: Server) -> None:
    with page(server) as client:
        assert send(client, 31).status_code == 413


@pytest.mark.scorecard("R16")
def test_an_upload_says_its_length(server: Server) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{server.url}gradio_api/upload", content=iter([b"--x--"]), headers=headers)
    assert answer.status_code == 411
