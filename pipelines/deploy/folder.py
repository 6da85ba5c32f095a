"""Folder of a Space: copies of what the app needs, and a README and requirements of its own."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import metadata_load

from pipelines.deploy import texts
from pipelines.deploy.requirements import requirements
from pipelines.deploy.space import CONTENTS, hardware_row
from pipelines.errors import UserError
from pipelines.paths import ROOT
from pipelines.version import __version__
from pipelines.weight_table import ORIGINS

README, REQUIREMENTS = "README.md", "requirements.txt"
READ = (README, REQUIREMENTS, "constraints.txt")
"""Files of the project that a Space's are made of; an installed package lacks them."""


def build(folder: Path, hardware: str) -> None:
    """Make the folder for a hardware. Raises UserError: it holds something already, or cannot be written."""
    row = hardware_row(hardware)
    for name in READ:
        if not (ROOT / name).is_file():
            raise UserError(texts.FILE_MISSING.format(pattern=name))
    front = {**front_matter(), **row.front_matter}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError(texts.FOLDER_NOT_EMPTY.format(folder=folder))
        for name, source in CONTENTS.files().items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        (folder / REQUIREMENTS).write_text(requirements(row, str(front["python_version"])), "utf-8")
        table = markdown([texts.HEAD, *parts(folder)])
        page = Path(__file__).with_name("space.md").read_text("utf-8")
        text = page.format(table=table, version=__version__, hardware=hardware)
        head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
        (folder / README).write_text(f"---\n{head}---\n{text}", "utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(texts.FOLDER_FAILED.format(folder=folder, reason=reason)) from error


def front_matter() -> dict[str, Any]:
    """Front matter of the project's README, which a Space's begins with."""
    return dict(metadata_load(ROOT / README) or {})


def files(folder: Path) -> dict[str, Path]:
    """All files of a Space's folder by their path in it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def parts(folder: Path) -> list[tuple[str, str, str, str]]:
    """Rows of a table: each part of the folder, its number of files, size and licence."""
    found = files(folder)
    licences: Mapping[str, str] = {
        "pipelines, app.py": texts.APACHE,
        **{f"models/{origin.name}": origin.licence for origin in ORIGINS.values() if origin.kind == "project"},
        "presets": texts.APACHE,
        "assets": texts.SEE_FILES,
    }
    rows = []
    for part, licence in licences.items():
        starts = tuple(part.split(", "))
        sizes = [path.stat().st_size for name, path in found.items() if name.startswith(starts)]
        rows.append((part, str(len(sizes)), size(sum(sizes)), licence))
    return rows


def size(number: float) -> str:
    """Bytes for people, in MB of a million bytes."""
    return f"{number / 1e6:.1f} MB"


def markdown(rows: Iterable[tuple[str, ...]]) -> str:
    """Table in Markdown; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * lines[0].count(" | ") + "---|", *lines[1:]])
