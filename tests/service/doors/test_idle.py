"""A server that nobody asks is at rest."""

import re
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.service.doors.conftest import Serve
from tests.support.server import Server

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's"),
]

SECONDS = 6  # one by one: what else the machine does wakes a thread now and then
MOST = 150  # times a second that a thread of an idle server wakes up; each costs some 60 microseconds


def wakes(server: Server) -> int:
    tasks = Path(f"/proc/{server.process.pid}/task")
    told = [(task / "status").read_text("utf-8") for task in tasks.iterdir()]
    return sum(int(number) for text in told for number in re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M))


def wakes_a_second(server: Server) -> int:
    """Wakes in the quietest of some seconds."""
    time.sleep(1)
    told = [wakes(server)]
    for _ in range(SECONDS):
        time.sleep(1)
        told.append(wakes(server))
    return min(after - before for before, after in pairwise(told))


def test_an_idle_server_wakes_up_seldom(server: Server, serve: Serve) -> None:
    assert wakes_a_second(server) < MOST
    assert wakes_a_second(serve(without=["patience"])) > 2 * MOST
