"""A team's run that is killed goes on where it was: no row is lost, none is done twice, every byte is the same."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.team.conftest import FIRST_SEED, ROWS, tree

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def uninterrupted(people: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    from tests.support.team_run import main

    out = tmp_path_factory.mktemp("whole") / "out"
    assert main([str(people), "--out", str(out)]) == 0
    files = tree(out)
    assert len(files) == 3 * ROWS + 1
    return files


def begun(log: Path) -> Counter[int]:
    """Count the times that each row was begun, by its number."""
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(int(line.split()[0]) // FIRST_SEED for line in lines)


def workers_of(log: Path) -> set[int]:
    return {int(line.split()[1]) for line in log.read_text().splitlines()}


def gone(processes: set[int], seconds: float = 2) -> bool:
    until = time.monotonic() + seconds
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, processes))


def test_killed_within_rows_it_goes_on_and_every_byte_is_as_if_it_never_was(
    people: Path, uninterrupted: dict[str, bytes], start: Start, tmp_path: Path
) -> None:
    out, log, order = tmp_path / "out", tmp_path / "log", tmp_path / "order"
    killed = (1, 5, ROWS)
    for row in killed:
        order.write_text(f"{FIRST_SEED * row} program")
        program = start(people, "--out", out, log=log, kill=[order])
        assert program.wait(PATIENCE) == -signal.SIGKILL
        assert gone(workers_of(log)), "a worker outlived the program"
        there = {name: content for name, content in tree(out).items() if "/" in name}
        assert there == {name: uninterrupted[name] for name in there}
        assert len(there) == 3 * (row - 1), "half a row was put into its place, or a whole one is missing"
        assert any((out / ".working").rglob("*.png")), "it was not killed within the row"
    again = start(people, "--out", out, log=log)
    said, _ = again.communicate(timeout=PATIENCE)
    assert f"1 made, {ROWS - 1} already there, 0 refused" in said
    assert tree(out) == uninterrupted
    assert begun(log) == {row: 1 + (row in killed) for row in range(1, ROWS + 1)}
    assert not list((out / ".working").rglob("*.png"))


def test_a_row_whose_worker_is_killed_is_done_by_another(
    people: Path, uninterrupted: dict[str, bytes], start: Start, tmp_path: Path
) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    orders = [tmp_path / "once", tmp_path / "always"]
    orders[0].write_text(f"{FIRST_SEED * 3} worker")
    orders[1].write_text(f"{FIRST_SEED * 6} worker always")
    program = start(people, "--out", out, "--workers", "2", log=log, kill=orders)
    said, _ = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0
    assert f"{ROWS - 1} made, 0 already there, 1 refused" in said
    assert begun(log)[3] == 2 and begun(log)[6] == 2
    files = tree(out)
    expected = {name: content for name, content in uninterrupted.items() if "/" in name and "Person-6" not in name}
    assert {name: content for name, content in files.items() if "/" in name} == expected
    assert "ended 2 times, most likely because memory ran out" in files["people-refused.csv"].decode()
    threads = {line.split()[2] for line in log.read_text().splitlines()}
    assert len(threads) == 1 and threads.pop().isdecimal()


def test_without_its_watch_a_worker_outlives_the_program(people: Path, start: Start, tmp_path: Path) -> None:
    log, order = tmp_path / "log", tmp_path / "order"
    order.write_text(f"{FIRST_SEED * 2} program")
    told = {"log": log, "kill": [order], "without": ["end with the program"]}
    program = start(people, "--out", tmp_path / "out", **told)
    assert program.wait(PATIENCE) == -signal.SIGKILL
    left = workers_of(log)
    try:
        assert not gone(left)
    finally:
        for process in left:
            os.kill(process, signal.SIGKILL)


def test_ctrl_c_keeps_what_is_done_and_says_so(people: Path, start: Start, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    program = start(people, "--out", out, log=log)
    until = time.monotonic() + PATIENCE
    while sum(begun(log).values()) < 2 and time.monotonic() < until:
        time.sleep(0.005)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=PATIENCE)
    if program.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert program.returncode == 130
    assert "Stopped; the " in said and "Traceback" not in said
    assert gone(workers_of(log))
    done = {name.partition("/")[0] for name in tree(out)}
    assert 1 <= len(done) < ROWS and all((out / folder / "row.json").exists() for folder in done)


def test_two_runs_do_not_share_a_folder(people: Path, start: Start, tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / ".working").mkdir()
    with FileLock(tmp_path / ".working" / "lock"):
        second = start(people, "--out", tmp_path)
        _, said = second.communicate(timeout=PATIENCE)
    assert second.returncode == 2 and "Another run works in this folder" in said
