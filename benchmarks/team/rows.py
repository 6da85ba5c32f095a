"""Rows to measure with: people who do not exist, each again and again with another seed."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.team.naming import Scheme
from pipelines.team.table import read_table
from pipelines.team.tasks import Task, tasks_of

LOOK, COUNT = "cv", 1


def write_table(folder: Path, photos: Sequence[Path], rows: int) -> list[Task]:
    """Write a table of so many rows into a folder, and return its tasks."""
    file = folder / "people.csv"
    lines = [f"Person {k:04d},{photos[k % len(photos)]},{LOOK},{COUNT},{k}" for k in range(rows)]
    file.write_text("\n".join(["name,photos,look,count,seed", *lines]) + "\n", "utf-8")
    return [task for task in tasks_of(read_table(file), {}, Scheme()) if isinstance(task, Task)]


def contents(out: Path, tasks: Sequence[Task]) -> dict[str, bytes]:
    """Return the content of every file of these rows, by folder and name."""
    files = [file for task in tasks for file in sorted((out / task.folder).glob("*"))]
    return {f"{file.parent.name}/{file.name}": file.read_bytes() for file in files}
