"""SIGTERM: the server ends within five seconds, tells whoever waits for a picture, and leaves nothing behind."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from pipelines.page import texts
from pipelines.paths import ROOT
from tests.support.scorecard import Cases
from tests.support.server import Server, running_server, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

SECONDS = 5.0
STREAMS = 6
AS_GRADIO_STOPS = """
import pipelines.page.lifecycle.shutdown as shutdown
def close(demo, sessions):
    sessions.forget_all()
    demo.close(verbose=False)
shutdown.close = close
"""


@contextmanager
def open_streams(server: Server) -> Iterator[None]:
    """Streams as every open page holds one (Gradio's heartbeat), and uploads that are on their way."""
    address = httpx.URL(server.url)
    half = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    with httpx.Client(timeout=None) as client, ExitStack() as stack:
        for k in range(STREAMS):
            request = client.build_request("GET", f"{server.url}gradio_api/heartbeat/page{k}")
            assert client.send(request, stream=True).status_code == 200
            upload = stack.enter_context(socket.create_connection((address.host, address.port)))
            upload.sendall(half.encode())
        yield


def wanted(server: Server, folder: Path, begun: threading.Event) -> str:
    """Ask for eight pictures as a script does; return what is said instead."""
    client = Client(server.url, verbose=False, analytics_enabled=False, download_files=str(folder))
    job = client.submit([handle_file(selfie(6))], count=8, consent=True, api_name="/headshot")
    try:
        for _ in job:
            begun.set()
        job.result()
    except AppError as error:
        return str(error)
    return "all is done"


@pytest.mark.scorecard("R11")
def test_everybody_is_told_and_the_server_ends_in_time_with_open_streams(tmp_path: Path, scorecard: Cases) -> None:
    for number in range(scorecard.share(9)):
        everybody_is_told(tmp_path / str(number))


def everybody_is_told(tmp_path: Path) -> None:
    folder, downloads = tmp_path / "private", tmp_path / "downloads"
    with running_server(folder, ["--engine", "builtin"]) as server, open_streams(server), ThreadPoolExecutor(2) as pool:
        begun = [threading.Event(), threading.Event()]
        visitors = [pool.submit(wanted, server, downloads, event) for event in begun]
        assert all(event.wait(60) for event in begun)
        time.sleep(1)  # in the middle of a picture
        assert server.files() or list(folder.iterdir())
        sent = time.monotonic()
        assert server.stop(seconds=20) == 0
        assert time.monotonic() - sent < SECONDS
        assert list(folder.iterdir()) == []
        assert [visitor.result(20) for visitor in visitors] == [texts.CLOSING] * 2
        assert not [line for line in server.log if "Traceback" in line or "ERROR" in line]


@pytest.mark.scorecard("R11")
def test_a_second_signal_and_ctrl_c_change_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path, ["--engine", "builtin"]) as server, open_streams(server):
        server.process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert server.stop() == 0 and time.monotonic() - sent < SECONDS
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", int(server.url.split(":")[2][:-1]))):
            pass


@pytest.mark.scorecard("R11", cases=0)
def test_stopped_as_gradio_stops_it_waits_for_the_streams(tmp_path: Path) -> None:
    """The control."""
    patched = tmp_path / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(AS_GRADIO_STOPS)
    path = f"{patched}:{ROOT}"
    arguments = ["--engine", "builtin"]
    with running_server(tmp_path / "private", arguments, PYTHONPATH=path) as server, open_streams(server):
        sent = time.monotonic()
        server.stop(seconds=30)
        assert time.monotonic() - sent > SECONDS
