"""The page on Ray Serve: engines grow with the line and are replaced, a run that nobody wants ends, doors hold."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from pipelines.serve.messages import ENDED
from tests.serve.conftest import serving
from tests.support.serve_run import DEAF
from tests.support.server import selfie
from tests.support.studio_kit import small

pytestmark = [
    pytest.mark.slow,
    pytest.mark.service,
    pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed (requirements-ray.txt)"),
]
PATIENCE = 60
HEARTBEAT_SECONDS = 15
"""Time after which Gradio ends the runs of a client that is gone; whoever waits must keep theirs."""


@dataclass(frozen=True)
class Served:
    url: str
    log: Path

    def lines(self, kind: str) -> list[tuple[int, int]]:
        """Seeds and processes of the runs that have begun, ended or were cancelled."""
        lines = [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [(int(seed), int(process)) for what, seed, process in lines if what == kind]

    def seeds(self, kind: str) -> list[int]:
        return [seed for seed, _ in self.lines(kind)]

    def processes(self) -> set[int]:
        """Processes of the engines that have drawn."""
        return {process for _, process in self.lines("end")}

    def living(self) -> int:
        return sum(map(psutil.pid_exists, self.processes()))

    def wait(self, kind: str, seed: int) -> None:
        until = time.monotonic() + PATIENCE
        while seed not in dict(self.lines(kind)):
            assert time.monotonic() < until, f"run {seed} did not {kind}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve")
    (folder / "me.jpg").write_bytes(small(selfie(6)))
    with serving(folder, "2", str(folder / "log")) as url:
        yield Served(url, folder / "log")


def connect(served: Served) -> Client:
    return Client(served.url, verbose=False)


def start(client: Client, served: Served, seed: int, **given: Any) -> Any:
    photo = served.log.with_name(f"{seed}.jpg")  # Gradio names uploads by their content, and they go when read
    photo.write_bytes(served.log.with_name("me.jpg").read_bytes() + str(seed).encode())
    asked = {"look": "cv", "count": 1, "consent": True, **given}
    return client.submit(photos=[handle_file(photo)], seed=seed, api_name="/headshot", **asked)


def test_a_run_is_drawn_elsewhere_and_its_picture_is_here(served: Served) -> None:
    (picture,) = start(connect(served), served, 1).result(PATIENCE)["pictures"]
    assert picture["seed"] == 1 and Path(picture["file"]).read_bytes().startswith(b"\x89PNG")
    assert served.lines("end")[0][0] == 1


def test_a_run_that_is_cancelled_as_soon_as_it_begins_ends_within_a_step(served: Served) -> None:
    client, long = connect(served), {"steps": 60}
    for seed, words in ((2, ""), (3, DEAF)):  # the second is the control: without cancel, a run is drawn to its end
        job = start(client, served, seed, words=words, **long)
        served.wait("begin", seed)
        job.cancel()
    served.wait("end", 3)
    assert served.seeds("cancelled") == [2] and 2 not in served.seeds("end")
    assert start(client, served, 4).result(PATIENCE)["pictures"]


LEAVING = """
import sys, time
from gradio_client import Client, handle_file
url, photo, seed = sys.argv[1:]
asked = {"look": "cv", "count": 1, "consent": True, "steps": 60}
job = Client(url, verbose=False).submit(photos=[handle_file(photo)], seed=int(seed), api_name="/headshot", **asked)
while not job.outputs():
    time.sleep(0.05)
print("listening", flush=True)
job.result()
"""


def test_the_run_of_somebody_who_leaves_ends(served: Served) -> None:
    line = [sys.executable, "-c", LEAVING, served.url, str(served.log.with_name("me.jpg")), "5"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as leaving:
        assert leaving.stdout is not None and leaving.stdout.readline() == "listening\n"
        leaving.kill()
    served.wait("cancelled", 5)


def test_engines_grow_with_the_line_and_who_waits_long_is_served(served: Served) -> None:
    assert len(served.processes()) == 1, "one run after the other needs one engine"
    seeds, began = range(10, 18), time.monotonic()
    clients = [connect(served) for _ in seeds]  # Gradio ends the runs of a client that nobody holds
    jobs = [start(client, served, seed, steps=40) for client, seed in zip(clients, seeds, strict=True)]
    assert all(job.result(PATIENCE)["pictures"] for job in jobs)
    assert time.monotonic() - began > HEARTBEAT_SECONDS, "nobody has waited long"
    assert len(served.processes()) == 2
    assert sorted(seed for seed in served.seeds("begin") if seed >= 10) == list(seeds), "one was drawn twice"


def test_a_second_run_of_the_same_visitor_waits_behind_the_others(served: Served) -> None:
    eager, *others = [connect(served) for _ in range(4)]
    jobs = [start(eager, served, 30, steps=40)]
    served.wait("begin", 30)
    jobs += [start(eager, served, 31)]
    jobs += [start(client, served, seed) for client, seed in zip(others, range(32, 35), strict=True)]
    assert all(job.result(PATIENCE)["pictures"] for job in jobs)
    assert served.seeds("begin")[-5] == 30 and served.seeds("begin")[-1] == 31


def test_engines_end_when_the_line_is_gone(served: Served) -> None:
    assert served.living() == 2
    until = time.monotonic() + PATIENCE
    while served.living() > 1:
        assert time.monotonic() < until, "both engines are still there"
        time.sleep(0.2)


def test_who_loses_the_only_engine_is_told_and_the_next_run_has_another(served: Served) -> None:
    client = connect(served)
    job = start(client, served, 40, steps=60)
    served.wait("begin", 40)
    lost = dict(served.lines("begin"))[40]
    os.kill(lost, signal.SIGKILL)
    with pytest.raises(AppError, match=str(ENDED)[:40]):
        job.result(PATIENCE)
    assert start(client, served, 41).result(PATIENCE)["pictures"]
    assert dict(served.lines("end"))[41] != lost


def test_the_doors_are_the_same(served: Served) -> None:
    assert httpx.get(served.url, headers={"host": "evil.example"}).status_code == 421
    assert httpx.get(f"{served.url}gradio_api/monitoring").status_code == 404
    assert httpx.get(f"{served.url}health").status_code == 200
    assert "headshot-visitor" in httpx.get(served.url).headers["set-cookie"]
