"""`training/run.sh`: the stages in order, as they are, each once."""

import importlib
import itertools
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from pipelines.paths import ROOT

SCRIPT = ROOT / "training" / "run.sh"
WRITTEN = {"out", "model"}
"""Options that name what a stage writes; `vae` is one of them where an autoencoder is trained."""
SETTINGS = [
    {"GPU": gpu, "START": start, "WORKERS": workers}
    for gpu, start, workers in itertools.product(("", "1"), ("", "models/builtin"), ("1", "2", "3"))
]


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(SCRIPT)], env={**os.environ, "RUN": str(folder), **settings}, capture_output=True, text=True
    )


def commands(folder: Path, settings: dict[str, str]) -> list[list[str]]:
    """The stages that a dry run prints: module and options."""
    done = run(folder, DRY_RUN="1", **settings)
    assert done.returncode == 0, done.stderr
    lines = [shlex.split(line) for line in done.stdout.splitlines()]
    assert lines and all(line[:2] == ["python", "-m"] for line in lines)
    return [line[2:] for line in lines]


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_stage_takes_its_options_and_reads_what_an_earlier_one_wrote(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    written: list[str] = []
    for module, *options in commands(tmp_path, settings):
        parsed = vars(importlib.import_module(module).argument_parser().parse_args(options))
        outputs = WRITTEN | ({"vae"} if module.rpartition(".")[2].startswith("autoencoder") else set())
        for name, value in parsed.items():
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, Path) and name not in outputs and path.is_relative_to(tmp_path):
                    assert any(path.is_relative_to(made) for made in written), f"{module} reads {path}"
        written += [str(parsed[name]) for name in outputs & parsed.keys() if parsed[name] is not None]
    assert not list(tmp_path.iterdir())


def test_people_are_shared_among_workers_without_gap_or_overlap(tmp_path: Path) -> None:
    settings = {"GPU": "", "START": "", "WORKERS": "3", "PEOPLE": "1000"}
    parts = {"make_faces": [], "latents": []}  # type: dict[str, list]
    for module, *options in commands(tmp_path, settings):
        if (stage := module.rpartition(".")[2]) in parts:
            parts[stage].append(importlib.import_module(module).argument_parser().parse_args(options))
    assert sum(a.count for a in parts["make_faces"]) == 1000
    ranges = sorted(a.people for a in parts["latents"])
    assert [first for first, _ in ranges] == [64, *(last for _, last in ranges[:-1])] and ranges[-1][1] == 1000


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A python that writes what it was asked for instead of training, and notes it; FAIL names a stage that fails."""
    path = tmp_path / "python"
    path.write_text(
        """#!/usr/bin/env bash
echo "${2##*.}" >> "$LOG"
[[ ${2##*.} != "${FAIL:-}" ]] || exit 3
while (($#)); do
    case $1 in --out | --model | --vae) mkdir -p "$2" ;; esac
    shift
done
"""
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("settings", SETTINGS[:2])
def test_a_stage_whose_result_is_there_is_skipped_and_a_lost_one_is_made_again(
    tmp_path: Path, stand_in: Path, settings: dict[str, str]
) -> None:
    folder, log = tmp_path / "run", tmp_path / "log"
    settings = {**settings, "PYTHON": str(stand_in), "LOG": str(log)}
    assert run(folder, **settings).returncode == 0
    assert log.read_text().splitlines()[-1] == "remove_common_bias"
    log.unlink()
    assert run(folder, **settings).returncode == 0
    assert not log.exists()
    (folder / "landmarks.safetensors").rmdir()
    assert run(folder, **settings).returncode == 0
    assert log.read_text().split() == ["landmarks"]


@pytest.mark.parametrize("stage", ["rgb_head", "latents"])  # alone, and beside others
def test_a_stage_that_fails_ends_the_run_and_comes_first_in_the_next(
    tmp_path: Path, stand_in: Path, stage: str
) -> None:
    folder, log = tmp_path / "run", tmp_path / "log"
    settings = {"GPU": "", "START": "", "WORKERS": "2", "PYTHON": str(stand_in), "LOG": str(log)}
    assert run(folder, FAIL=stage, **settings).returncode != 0
    assert log.read_text().split()[-1] == stage
    log.unlink()
    assert run(folder, **settings).returncode == 0
    assert log.read_text().split()[0] == stage
