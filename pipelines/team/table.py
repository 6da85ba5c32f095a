"""Tables of people: CSV files as programs write them, with a row a person."""

import csv
import difflib
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UserError
from pipelines.team import texts

SEPARATORS = (",", ";", "\t")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""Encodings by the bytes that a file begins with."""
LONGEST_CELL = 10_000  # characters
ALIKE = 0.8  # of difflib's ratio: a column so like a known one is a slip of the pen


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as it was written."""

    number: int
    """1 for the first below the column names; lines that are empty do not count."""
    cells: Mapping[str, str]
    """Cells by column, without the blanks around them."""
    fault: str | None = None
    """Sentence on why the row cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a file, and the names of its columns, in lower case with underscores."""

    file: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def require(self, known: Collection[str], used: Collection[str]) -> list[str]:
        """Return the columns that nothing uses. Raises UserError for one that looks like a slip of the pen.

        Args:
            known: names of columns with a meaning.
            used: names of further columns that somebody reads.
        """
        unused = [column for column in self.columns if column not in known and column not in used]
        for column in unused:
            if guess := difflib.get_close_matches(column, known, n=1, cutoff=ALIKE):
                raise UserError(texts.TYPO.format(column=column, guess=guess[0]))
        return unused


def read_table(file: Path) -> Table:
    """Read a CSV file. Raises UserError if there is no table in it; a row that is wrong has a fault."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(texts.NO_TABLE.format(reason=error.strerror)) from error
    separator, text = _separated(_decoded(data))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        filled = [cells for cells in lines if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise UserError(texts.TOO_WIDE.format(most=LONGEST_CELL, reason=error)) from error
    finally:
        csv.field_size_limit(before)
    if len(filled) < 2:
        raise UserError(texts.NO_ROWS)
    columns = _columns(filled[0])
    return Table(
        file=file, columns=columns, rows=tuple(_row(columns, n, cells) for n, cells in enumerate(filled[1:], 1))
    )


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    for name in (encoding, "cp1252"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UserError(texts.NOT_TEXT)


def _separated(text: str) -> tuple[str, str]:
    """Return the separator and the lines: Excel may name it in a line before, else the column names have no other."""
    first, _, rest = text.lstrip().partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return first.strip()[-1], rest
    return max(SEPARATORS, key=first.count), text


def _columns(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip().lower().replace(" ", "_").replace("-", "_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if names.count(name) > 1:
            raise UserError(texts.TWICE.format(column=name or "“”"))
    return tuple(names)


def _row(columns: tuple[str, ...], number: int, cells: list[str]) -> Row:
    values = dict(zip(columns, map(str.strip, cells), strict=False))
    beyond = any(cell.strip() for cell in cells[len(columns) :])
    whole = {column: values.get(column, "") for column in columns}
    return Row(number=number, cells=whole, fault=texts.MORE_CELLS if beyond else None)
