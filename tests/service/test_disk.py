"""Disk after many runs: every file goes when its time is over."""

import time
from pathlib import Path

import pytest

from tests.support.page_client import FILE, PageClient, headshot
from tests.support.scorecard import Cases
from tests.support.server import Server, page_server, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

RUNS = 500
MANY = 40  # files at which this client waits: the server takes no more than so many uploads of one address at once
KEPT, SWEPT = 3, 1
"""Seconds that pictures are kept on this server, and between two times that it looks."""


def run(client: PageClient, number: int = 0) -> None:
    photo = selfie(6).read_bytes() + str(number).encode()  # another file each time
    sent = {"path": client.upload(photo).json()[0], "meta": FILE}
    kind, answer = client.answer("headshot", headshot(client, photos=[sent]))
    assert kind == "complete", answer


def left(server: Server, seconds: float) -> list[Path]:
    """Files that the server still holds after so many seconds at most."""
    until = time.monotonic() + seconds
    while (files := server.files()) and time.monotonic() < until:
        time.sleep(0.1)
    return files


@pytest.mark.scorecard("R14")
def test_after_many_runs_no_file_is_left(tmp_path: Path, scorecard: Cases) -> None:
    with page_server(tmp_path, environment={"HEADSHOT_KEEP_SECONDS": str(KEPT)}) as server:
        client = PageClient(server, cookie=False)
        for number in range(scorecard.share(RUNS)):
            while len(server.files()) > MANY:
                time.sleep(0.1)
            run(client, number)
        assert server.files(), "the last run's picture is kept for a while"
        assert left(server, KEPT + SWEPT + 1) == []
        client.close()


@pytest.mark.scorecard("R14", cases=0)
def test_a_server_that_keeps_its_files_is_noticed(tmp_path: Path) -> None:
    with page_server(tmp_path, environment={"HEADSHOT_KEEP_SECONDS": "600"}) as server:
        client = PageClient(server, cookie=False)
        run(client)
        assert left(server, KEPT + SWEPT + 1) != []
        client.close()
