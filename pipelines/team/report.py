"""Report of a team: one file that needs nothing else, in pages of some hundred people, and the list of refused rows."""

import csv
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from pipelines.team import texts
from pipelines.team.outcome import RECORD, Made, Record
from pipelines.team.places import Place
from pipelines.team.table import Table
from pipelines.team.tasks import Refusal, Task
from pipelines.team.thumbnails import thumbnail

PEOPLE_ON_A_PAGE = 250
"""With four pictures each, about 15 MB."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that spreadsheets would compute; such a cell gets an apostrophe."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Report on a table's run, beside the folders."""

    place: Place
    table: Table
    tasks: Sequence[Task]
    refusals: Sequence[Refusal]

    @property
    def list_name(self) -> str:
        """Name of the list of refused rows."""
        return f"{self.table.file.stem}-refused.csv"

    def file_name(self, page: int = 1) -> str:
        """Name of a page."""
        return f"{self.table.file.stem}-report{'' if page == 1 else f'-{page}'}.html"

    def write(self) -> None:
        """Write all pages and the list; pictures are read one at a time. Raises UserError."""
        refused = {one.number for one in self.refusals}
        wanted = [task for task in self.tasks if task.number not in refused]
        there = [task for task in wanted if self._record(task) is not None]
        done = {task.number for task in there}
        missing = [f"{task.number}. {task.name}" for task in wanted if task.number not in done]
        pages = [there[k : k + PEOPLE_ON_A_PAGE] for k in range(0, len(there), PEOPLE_ON_A_PAGE)] or [[]]
        counts = {"rows": len(self.table.rows), "done": len(there), "refused": len(refused), "missing": len(missing)}
        shown = {
            "texts": texts,
            "counts": texts.COUNTS.format(**counts),
            "pages": len(pages),
            "file_names": [self.file_name(page) for page in range(1, len(pages) + 1)],
            "list_name": self.list_name,
        }
        template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
            Path(__file__).with_suffix(".html").read_text("utf-8")
        )
        for page, tasks in enumerate(pages, 1):
            first = {"refused": self.refusals, "missing": missing} if page == 1 else {"refused": (), "missing": ()}
            pieces = template.generate(**shown, **first, page=page, rows=self._rows(tasks))
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "page.html"
                with file.open("w", encoding="utf-8") as out:
                    out.writelines(pieces)
                self.place.write(self.file_name(page), file)
        self._write_list()

    def _rows(self, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
        for task in tasks:
            record = self._record(task)
            if record is None:  # gone a moment ago
                continue
            shared = set.intersection(*(set(one.warnings) for one in record.pictures)) if record.pictures else set()
            yield {
                "task": task,
                "warnings": [text for text in dict.fromkeys(record.pictures[0].warnings) if text in shared],
                "pictures": (self._picture(task, one, shared) for one in record.pictures),
            }

    def _picture(self, task: Task, made: Made, shared: set[str]) -> Mapping[str, Any]:
        low, high = made.usual
        sentence = texts.NO_LIKENESS if made.likeness is None else texts.LIKENESS
        numbers = {"cosine": f"{made.likeness or 0:.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}"}
        return {
            "about": made,
            "thumbnail": thumbnail(self.place.read(f"{task.folder}/{made.file}")),
            "likeness": sentence.format(**numbers, verdict=made.verdict),
            "warnings": [warning for warning in made.warnings if warning not in shared],
        }

    def _record(self, task: Task) -> Record | None:
        return Record.from_json(self.place.read(f"{task.folder}/{RECORD}"))

    def _write_list(self) -> None:
        if not self.refusals:
            self.place.remove(self.list_name)
            return
        cells = {row.number: row.cells for row in self.table.rows}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "list.csv"
            with file.open("w", encoding="utf-8-sig", newline="") as out:
                rows = csv.writer(out)
                rows.writerow([texts.ROW, texts.NAME, texts.PHOTOS, texts.REASON])
                for one in self.refusals:
                    photos = cells[one.number].get("photos", "")
                    rows.writerow([one.number, *map(_no_formula, (one.name, photos, one.reason))])
            self.place.write(self.list_name, file)


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
