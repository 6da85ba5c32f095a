"""Teams on a Ray cluster: the same files, whoever dies; and what a driver never sees."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex

import pytest

from pipelines.paths import ROOT
from pipelines.team import texts
from pipelines.team.naming import Scheme
from pipelines.team.ray_workers import MOST_TRIES, RowActor
from pipelines.team.table import read_table
from pipelines.team.tasks import Task, tasks_of
from pipelines.team.workers import Duty
from tests.support import team_run
from tests.support.server import free_port
from tests.team.conftest import FIRST_SEED, ROWS, tree

without_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="the package ray is not installed (requirements-ray.txt)"
)


@pytest.mark.slow
@without_ray
def test_the_command_on_a_cluster_makes_the_same_files(
    people: Path, start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    assert team_run.main([str(people), "--out", str(tmp_path / "here")]) == 0
    order = tmp_path / "order"
    order.write_text(f"{FIRST_SEED * 2} worker")
    program = start(people, "--out", tmp_path / "ray", "--ray", "local", kill=[order])
    said, errors = program.communicate(timeout=200)
    assert program.returncode == 0, errors
    assert f"{ROWS} made, 0 already there, 0 refused" in said and not order.exists()
    assert tree(tmp_path / "ray") == tree(tmp_path / "here")


@pytest.fixture
def running_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a cluster that was there before the command, and lets in who has its token."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", token_hex(32))
    ray = Path(sys.executable).with_name("ray")
    port = free_port()
    line = [ray, "start", "--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
    # It ends with its own process: `ray stop` would end every other cluster of this machine, too.
    head = subprocess.Popen([*map(str, line), "--disable-usage-stats"], stdout=subprocess.PIPE, text=True)
    assert head.stdout is not None and any("Ray runtime started" in said for said in head.stdout)
    yield f"127.0.0.1:{port}"
    head.terminate()
    head.communicate(timeout=60)


@pytest.mark.slow
@without_ray
def test_a_cluster_at_an_address_writes_to_storage_at_an_address_and_does_no_row_twice(
    people: Path, start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path, running_cluster: str
) -> None:
    assert team_run.main([str(people), "--out", str(tmp_path / "here")]) == 0
    storage = f"file://{tmp_path / 'elsewhere'}"
    words = (people, "--out", storage, "--ray", running_cluster)
    for told in (f"{ROWS} made, 0 already there", f"0 made, {ROWS} already there"):
        said, errors = start(*words).communicate(timeout=200)
        assert told in said, said + errors
    assert tree(tmp_path / "elsewhere") == tree(tmp_path / "here")


@without_ray
def test_a_driver_is_told_of_a_row_and_sees_no_picture(people: Path, tmp_path: Path) -> None:
    task = next(task for task in tasks_of(read_table(people), {}, Scheme()) if isinstance(task, Task))
    end = RowActor(Duty(out=str(tmp_path), studio=team_run.STUDIO, engine="builtin"))({"task": task.to_json()})
    assert end["state"] == "made" and sum(len(content) for content in tree(tmp_path).values()) > 50_000
    assert len(json.dumps(end)) < 2_000


@pytest.mark.slow
@without_ray
def test_a_cluster_that_loses_workers_and_a_machine_makes_the_same_files(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "benchmarks.team", "--rows", "16", "--no-record", "--folder", str(tmp_path)]
    line += ["--studio", team_run.STUDIO, "--json", str(tmp_path / "found.json")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert (tmp_path / "found.json").exists(), done.stderr[-3000:]  # its bars are about the real engine
    found = json.loads((tmp_path / "found.json").read_text())["parts"]["team"]["figures"]
    assert (found["rows_right"], found["rows_refused"]) == (16, 0)
    assert found["workers_killed"] == 2
    assert found["machines_changed"] == 1


def test_a_row_that_ends_every_worker_is_refused_in_the_end(people: Path, tmp_path: Path) -> None:
    task = next(task for task in tasks_of(read_table(people), {}, Scheme()) if isinstance(task, Task))
    actor = RowActor(Duty(out=str(tmp_path), studio=team_run.STUDIO, engine="builtin"))
    tries = tmp_path / ".working" / f"{task.folder}.tries"
    tries.parent.mkdir()
    tries.write_text(str(MOST_TRIES))
    end = actor({"task": task.to_json()})
    assert end["state"] == "refused" and end["reason"] == texts.WORKER_DIED.format(number=MOST_TRIES)
    assert actor({"task": task.to_json()})["state"] == "made" and not tries.exists()
