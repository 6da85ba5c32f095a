"""Record of what each benchmark measured last: `benchmarks/figures.json`, from which the documents take their figures.

The file maps the name of a benchmark (or of one part of it) to an entry: `command`, `commit`, `date`, `machine` and
`figures`, a mapping of names, with their units, to raw numbers. `tools/write_figures.py` puts them into the documents.
"""

import json
import math
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from pipelines.paths import ROOT

FILE = ROOT / "benchmarks" / "figures.json"
DIGITS = 6
"""Significant digits that are kept of a figure: more than any document shows, and few enough to compare runs by eye."""
WRITTEN_FROM_FIGURES = (":!benchmarks/figures.json", ":!*.md", ":!assets")
"""Files (as git's pathspecs) that may differ from the commit without what is measured being another program."""

Figures = Mapping[str, float | None]


def read(file: Path = FILE) -> dict[str, dict[str, Any]]:
    """Read all entries by name; none where nothing was recorded yet."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def record(measured: Mapping[str, Figures], command: str, commit: str, file: Path = FILE) -> None:
    """Put entries into the file, beside those of other benchmarks; it is whole at every moment.

    Args:
        measured: figures by the name of the entry. One that is infinite or no number is written as null.
        command: what somebody types to measure them again.
        commit: what was checked out when the benchmark began, as `commit_here` says it.
        file: the record.
    """
    about = {"command": command, "commit": commit, "date": today(), "machine": machine()}
    entries = read(file)
    for name, figures in measured.items():
        entries[name] = {**about, "figures": {key: rounded(value) for key, value in figures.items()}}
    text = json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as temporary:
        temporary.write(text)
    Path(temporary.name).chmod(0o644)
    Path(temporary.name).replace(file)


def rounded(value: float | None) -> float | None:
    """Keep DIGITS significant digits of a figure, and whole numbers as they are; None if it is not finite."""
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def commit_here() -> str:
    """Abbreviated hash of the commit that is checked out, marked where the program differs from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"

    def output(*arguments: str) -> str:
        done = subprocess.run([git, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    try:
        changed = output("status", "--porcelain", "--untracked-files=no", "--", ".", *WRITTEN_FROM_FIGURES)
        return output("rev-parse", "--short=7", "HEAD") + (" with changes" if changed else "")
    except subprocess.CalledProcessError:
        return "unknown"


def today() -> str:
    """Date in UTC, as in 2026-11-28."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """Cores that this process may use, their name, memory and GPU, in words; nothing that identifies the machine."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = round(psutil.virtual_memory().total / 2**30)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{cores} CPU core{'s' * (cores > 1)} ({_processor()}), {memory} GB of memory, {gpu}"


def _processor() -> str:
    """Name of the CPU as the system gives it."""
    about = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
