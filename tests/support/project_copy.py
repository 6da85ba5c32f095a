"""Copies of the project in which a file may be damaged: code and small files are copied, large ones linked."""

import os
import shutil
from pathlib import Path

from pipelines.paths import ROOT

LINKED = 100_000  # bytes; a file from here on is not copied until a test replaces it


def project_copy(folder: Path) -> Path:
    """Put what the app needs into a new folder `project`, and return that."""
    project = folder / "project"
    project.mkdir()
    shutil.copy(ROOT / "app.py", project)
    for name in ("pipelines", "presets", "assets", "models"):
        shutil.copytree(
            ROOT / name, project / name, copy_function=_copy_or_link, ignore=shutil.ignore_patterns("__pycache__")
        )
    return project


def replace(file: Path, content: bytes) -> None:
    """Give a file of a copy other content, and leave the original alone."""
    file.unlink()
    file.write_bytes(content)


def one_bit_flipped(content: bytes) -> bytes:
    """The same bytes but for one bit, in the middle: in a weight file, among the numbers."""
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


def _copy_or_link(source: str, target: str) -> None:
    if os.path.getsize(source) < LINKED or source.endswith(".py"):
        shutil.copyfile(source, target)
    else:
        os.symlink(source, target)
