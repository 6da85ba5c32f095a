"""Caps on a real server: whoever asks for too much is told at once, and everybody else is served."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

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


@pytest.mark.scorecard("R7", cases=0)
def test_addresses_that_somebody_makes_up_on_a_space_do_not_help(serve: Serve) -> None:
    def taken(**told: object) -> list[int]:
        server = serve("--host", "127.0.0.1", environment={"SPACE_ID": "ann/headshots"}, run_seconds=5, **told)
        with page(server, cookie=False) as client:
            client.http.headers["x-forwarded-for"] = "192.0.2.99, 203.0.113.9, 10.1.2.3"  # made up, own, a proxy's
            body = {"data": headshot(client)}
            answers = []
            for k in range(10):
                client.http.headers["x-forwarded-for"] = f"192.0.2.{k}, 203.0.113.9, 10.1.2.{k}"
                answers.append(client.http.post("gradio_api/call/headshot", json=body).status_code)
            return answers

    assert taken() == [200] * 8 + [429] * 2
    assert taken(front={"proxies": "*"}) == [200] * 10


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


def files_of(number: int) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"{k}.jpg", b"\xff\xd8\xff")) for k in range(number)]


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


def cut_off(client: PageClient) -> None:
    """Begin an upload, and leave in its middle."""
    address = urlsplit(str(client.http.base_url))
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n\r\n'
    )
    with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
        connection.sendall(head.encode() + bytes(8 * MEGABYTE))
        time.sleep(1)


def with_a_bad_name(client: PageClient) -> None:
    two = [("files", ("me.jpg", bytes(MEGABYTE))), ("files", ("..", bytes(MEGABYTE)))]
    assert client.http.post("gradio_api/upload", files=two).status_code == 400


FAILING: dict[str, Callable[[PageClient], object]] = {
    "cut off": cut_off,
    "too large": lambda client: send(client, 31),
    "too many": lambda client: client.http.post("gradio_api/upload", files=files_of(25)),
    "a bad name": with_a_bad_name,
}


def left_by(server: Server, failing: Callable[[PageClient], object]) -> list[Path]:
    with page(server) as client:
        before = set(server.files())
        failing(client)
        until = time.monotonic() + 5
        while (left := [file for file in server.files() if file not in before]) and time.monotonic() < until:
            time.sleep(0.1)
        return left


@pytest.mark.scorecard("R14")
@pytest.mark.parametrize("failing", FAILING)
def test_an_upload_that_fails_leaves_nothing_on_the_disk(server: Server, failing: str) -> None:
    assert left_by(server, FAILING[failing]) == []


@pytest.mark.scorecard("R14", cases=0)
def test_without_the_door_what_was_cut_off_stays(serve: Serve) -> None:
    assert left_by(serve(without=["uploads"]), cut_off) != []


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


@pytest.mark.scorecard("R16")
def test_an_upload_of_many_files_is_refused_at_the_first_too_many(server: Server, serve: Serve) -> None:
    for at, number, expected in ((server, 24, 200), (server, 25, 413), (serve(without=["uploads"]), 25, 200)):
        with page(at, address="127.0.0.7") as client:
            assert client.http.post("gradio_api/upload", files=files_of(number)).status_code == expected


@pytest.mark.scorecard("R16")
def test_a_field_beside_the_files_is_limited(server: Server, serve: Serve) -> None:
    for at, length, expected in ((server, 100, 200), (server, 10_000, 413), (serve(without=["uploads"]), 10_000, 200)):
        with page(at, address="127.0.0.8") as client:
            answer = client.http.post("gradio_api/upload", data={"words": "x" * length}, files=files_of(1))
            assert answer.status_code == expected
