"""Doors that every request passes, on a real server; each control is the same server without that door."""

import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.doors.conftest import Serve
from tests.support.server import Server, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

EVIL = "http://evil.example"
NESTED = b'{"data":[' + b"{}," * 1_000_000 + b"0]}"


def upload(server: Server, **headers: str) -> httpx.Response:
    files = {"files": ("me.jpg", selfie(6).read_bytes(), "image/jpeg")}
    return httpx.post(f"{server.url}gradio_api/upload", files=files, headers=headers)


def sentence(answer: httpx.Response) -> str:
    assert answer.status_code < 500
    return answer.json()["detail"]


# Hosts and origins


def asked_as(server: Server, host: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{server.url}config", headers={"host": host, **headers})


def test_the_server_answers_to_its_own_names_only(server: Server, serve: Serve) -> None:
    port = urlsplit(server.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
        assert asked_as(server, host).status_code == 200
    for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "203.0.113.7", ""):
        assert asked_as(server, host).status_code in (400, 421)
    assert "--root-path" in sentence(asked_as(server, "evil.example"))
    assert asked_as(server, "localhost", **{"x-forwarded-host": "evil.example"}).status_code == 421
    assert asked_as(serve(without=["hosts"]), "evil.example").status_code == 200


def test_the_public_address_is_one_of_its_names(serve: Serve) -> None:
    server = serve("--root-path", "https://studio.example.org/faces")
    assert asked_as(server, "studio.example.org").status_code == 200
    assert upload(server, origin="https://studio.example.org").status_code == 200


def test_no_other_website_writes_or_reads(server: Server, serve: Serve) -> None:
    own = server.url.rstrip("/")
    assert upload(server, origin=own).status_code == 200
    for headers in (
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert "Another website" in sentence(upload(server, **headers))
    own_form = {"origin": "null", "sec-fetch-site": "same-origin"}  # of a page that sends no referrer
    assert upload(server, **own_form).status_code == 200
    read = asked_as(server, urlsplit(server.url).netloc, origin=EVIL)
    assert read.status_code == 403 and "access-control-allow-origin" not in read.headers
    preflight = httpx.options(
        f"{server.url}gradio_api/upload", headers={"origin": EVIL, "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 403
    assert upload(serve(without=["hosts"]), origin=EVIL).status_code == 200


# Routes


@pytest.mark.scorecard("R15")
@pytest.mark.parametrize(
    "path",
    [
        "docs",
        "gradio_api/app_id",
        "openapi.json",
        "monitoring",
        "logout",
        "gradio_api/token",
        "gradio_api/proxy=http://127.0.0.1",
    ],
)
def test_what_the_page_does_not_need_is_not_there(server: Server, path: str) -> None:
    assert "nothing at this address" in sentence(httpx.get(f"{server.url}{path}"))


def test_gradios_developer_tools_are_there_without_the_door(serve: Serve) -> None:
    assert (
        httpx.get(
            f"{serve(without=['routes', 'bodies', 'files', 'uploads', 'calls']).url}gradio_api/app_id"
        ).status_code
        == 200
    )


def test_other_methods_and_kinds_of_bodies_are_refused(server: Server) -> None:
    assert httpx.delete(f"{server.url}config").status_code == 405
    call = httpx.post(
        f"{server.url}gradio_api/call/looks", content=b'{"data":[]}', headers={"content-type": "text/plain"}
    )
    assert call.status_code == 415 and "application/json" in sentence(call)


# Bodies


@pytest.mark.scorecard("R16")
@pytest.mark.parametrize("path", ["run/upload", "api/upload", "call/upload", "call/v2/upload", "queue/join", "cancel"])
def test_json_is_limited_whatever_its_address_says(server: Server, path: str) -> None:
    began = time.monotonic()
    answer = httpx.post(f"{server.url}gradio_api/{path}", content=NESTED, headers={"content-type": "application/json"})
    assert answer.status_code == 413 and "more than the studio takes" in sentence(answer)
    assert time.monotonic() - began < 2


@pytest.mark.scorecard("R16")
def test_json_that_does_not_say_its_length_is_cut_off(server: Server, serve: Serve) -> None:
    def send(to: Server) -> int:
        chunks = (NESTED[at : at + 65536] for at in range(0, len(NESTED), 65536))
        headers = {"content-type": "application/json"}
        return httpx.post(f"{to.url}gradio_api/run/upload", content=chunks, headers=headers, timeout=60).status_code

    assert send(server) == 413
    assert send(serve(without=["bodies"])) != 413


@pytest.mark.scorecard("R16")
def test_a_photo_in_a_call_is_refused_by_its_size_and_a_small_one_as_an_address(server: Server, serve: Serve) -> None:
    def call(to: Server, size: int) -> httpx.Response:
        photo = {"path": f"data:image/jpeg;base64,{'A' * size}", "meta": {"_type": "gradio.FileData"}}
        return httpx.post(f"{to.url}gradio_api/call/check_photos", json={"data": [[photo], None, True]}, timeout=60)

    began = time.monotonic()
    assert call(server, 2**21).status_code == 413
    assert time.monotonic() - began < 2
    event = call(server, 1000).json()["event_id"]
    assert "fetches no photos" in httpx.get(f"{server.url}gradio_api/call/check_photos/{event}").text
    assert call(serve(without=["bodies"]), 2**21).status_code != 413


def told_length(server: Server, path: str, kind: str, length: int, method: str = "POST") -> int:
    """Status of the answer to a request that says how long its body is, before a byte of it is sent."""
    address = urlsplit(server.url)
    head = f"{method} /{path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n{kind}\r\n"
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=2) as connection:
        connection.sendall(head.encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.scorecard("R16")
def test_an_upload_that_says_it_is_too_large_is_refused_before_it_comes(server: Server) -> None:
    assert told_length(server, "gradio_api/upload", "Content-Type: multipart/form-data; boundary=b\r\n", 2**28) == 413


@pytest.mark.scorecard("R16")
@pytest.mark.parametrize("path", ["", "config", "gradio_api/queue/data"])
def test_what_takes_no_body_gets_none(server: Server, path: str) -> None:
    assert told_length(server, path, "", 1, method="GET") == 413


@pytest.mark.scorecard("R16")
def test_a_login_is_no_longer_than_a_password(serve: Serve) -> None:
    guarded = serve("--password", "correct horse battery")
    assert httpx.post(f"{guarded.url}login", data={"password": "x" * 5000}).status_code == 413
    assert httpx.post(f"{guarded.url}login", data={"password": "x" * 3000}).status_code == 401


# Slow clients


def closed_after(server: Server, first: bytes, then: bytes, seconds: float) -> float:
    """Seconds until the server closes a connection on which a byte comes every tenth of a second; at most `seconds`."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.sendall(first)
        began = time.monotonic()
        connection.settimeout(0.1)
        for k in range(10_000):
            if time.monotonic() - began > seconds:
                break
            try:
                connection.sendall(then[k % len(then) : k % len(then) + 1])
                if connection.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return time.monotonic() - began


HEAD = b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.scorecard("R16", cases=2)
def test_slow_heads_and_slow_bodies_are_cut_off(serve: Serve) -> None:
    quick = {"head_seconds": 1.0, "patience": 1.0}
    assert closed_after(serve(front=quick), HEAD, b"X-Name: value\r\n", 6) < 4
    assert closed_after(serve(front=quick), BODY, b" ", 6) < 4
    patient = serve(front={"head_seconds": 60.0, "patience": 60.0})
    assert closed_after(patient, HEAD, b"X-Name: value\r\n", 4) >= 4
    assert closed_after(patient, BODY, b" ", 4) >= 4


@pytest.mark.scorecard("R16", cases=0)
def test_sixty_slow_clients_are_gone_and_others_are_served(serve: Serve) -> None:
    server = serve(front={"head_seconds": 1.0, "patience": 1.0})
    lasted: list[float] = []
    slow = [threading.Thread(target=lambda: lasted.append(closed_after(server, HEAD, b"a", 8))) for _ in range(60)]
    for thread in slow:
        thread.start()
    assert httpx.get(f"{server.url}config", timeout=5).status_code == 200
    for thread in slow:
        thread.join()
    assert len(lasted) == 60 and max(lasted) < 6


# Headers


def test_every_answer_has_the_security_headers(server: Server, serve: Serve) -> None:
    for path, status in (("", 200), ("config", 200), ("nothing", 404)):
        answer = httpx.get(f"{server.url}{path}")
        assert answer.status_code == status
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "camera=(self), microphone=()" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
    style = httpx.get(f"{server.url}theme.css")
    assert style.status_code == 200 and style.headers.get("cache-control") != "no-store"
    assert "content-security-policy" not in httpx.get(serve(without=["headers"]).url).headers


def test_pictures_are_not_kept_by_browsers(server: Server) -> None:
    file = upload(server).json()[0]
    picture = httpx.get(f"{server.url}gradio_api/file={file}")
    assert picture.status_code == 200 and picture.content == selfie(6).read_bytes()
    assert picture.headers["cache-control"] == "no-store"
