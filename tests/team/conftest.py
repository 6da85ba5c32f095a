"""A table of people who do not exist, with a small photo each, and the command in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.paths import ROOT

ROWS = 12
FIRST_SEED = 100  # row k has seed FIRST_SEED * k


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Table of ROWS rows; every photo is different noise."""
    folder = tmp_path_factory.mktemp("people")
    lines = ["name,photos,look,count,seed"]
    for number in range(1, ROWS + 1):
        noise = np.random.default_rng(number).integers(0, 255, (10, 8, 3), np.uint8)
        Image.fromarray(noise).resize((256, 320)).save(folder / f"{number}.png")
        lines.append(f"Person {number},{number}.png,cv,2,{FIRST_SEED * number}")
    (folder / "people.csv").write_text("\n".join(lines), "utf-8")
    return folder / "people.csv"


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command; keywords are for tests.support.team_run."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str | Path, **told: Any) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "tests.support.team_run", *map(str, words)]
        told_too = {**os.environ, "TEAM_RUN": json.dumps(told, default=str)}
        started.append(
            subprocess.Popen(line, cwd=ROOT, env=told_too, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def tree(folder: Path) -> dict[str, bytes]:
    """All files of finished rows, by their path."""
    files = [file for file in folder.rglob("*") if file.is_file() and ".working" not in file.parts]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
