"""Names of folders and files: letters of every script, and nothing that a file system or another program trips over."""

import re
import string
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pipelines.errors import UserError
from pipelines.team import texts

SCHEME = "{number:03d}_{last}_{first}_{look}"
NUMBERS = ("number", "seed", "picture")
NAMES = ("number", "name", "first", "last", "look", "seed", "picture")
"""Values that a naming scheme may name besides the table's columns; the first three places are numbers."""
FORM = re.compile(r"0?[1-9]?d?")
"""Formats of numbers: how many digits they have at least."""
MOST_BYTES = 120  # of a name; file systems take 255, and endings are added
TAKEN = frozenset({"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))})
"""Names that Windows keeps for itself."""


def file_safe(text: str, keep: str = "-_.") -> str:
    """Turn a text into part of a file's name: letters, their marks and digits stay, all else becomes a hyphen.

    Paths, dots at either end and names that Windows keeps for itself cannot come out. It may be empty.
    """
    text = unicodedata.normalize("NFC", text)
    safe = "".join(c if unicodedata.category(c)[0] in "LMN" or c in keep else "-" for c in text if not _unseen(c))
    while "--" in safe:
        safe = safe.replace("--", "-")
    safe = safe.strip("-_. ")
    while len(safe.encode()) > MOST_BYTES:
        safe = safe[:-1].rstrip("-_. ")
    return f"{safe}_" if safe.partition(".")[0].casefold() in TAKEN else safe


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cc", "Cs", "Cn")


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person's names."""

    name: str
    first: str
    last: str

    @classmethod
    def of(cls, cells: Mapping[str, str]) -> Self:
        """Take the names from a row: `first` and `last`, or `name`, also as "Last, First". All may be empty."""
        first, last, name = (cells.get(column, "") for column in ("first", "last", "name"))
        if not (first or last):
            if "," in name:
                last, _, first = (part.strip() for part in name.partition(","))
                name = f"{first} {last}".strip()
            else:
                first, _, last = (part.strip() for part in name.rpartition(" "))
        return cls(name=name or f"{first} {last}".strip(), first=first, last=last)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A naming scheme, as in "{number:03d}_{last}_{first}_{look}"."""

    text: str = SCHEME

    def names(self, columns: Collection[str]) -> set[str]:
        """Return what the scheme names. Raises UserError if that is not there or the scheme cannot be read."""
        try:
            parts = list(string.Formatter().parse(self.text))
        except ValueError:
            raise self._unreadable() from None
        found = {name for _, name, _, _ in parts if name is not None}
        for _, name, form, conversion in parts:
            if name is not None and name not in NAMES and name not in columns:
                known = ", ".join(dict.fromkeys((*NAMES, *columns)))
                raise UserError(texts.NO_SUCH_NAME.format(name=name, names=known))
            if conversion or (form and (name not in NUMBERS or not FORM.fullmatch(form))):
                raise self._unreadable()
        self.render({**dict.fromkeys((*NAMES, *columns), "a"), **dict.fromkeys(NUMBERS, 1)})
        return found

    def render(self, values: Mapping[str, Any]) -> str:
        """Make a name without its ending. Raises UserError for a format that numbers do not have, or no name at all."""
        safe = {name: value if name in NUMBERS else file_safe(str(value), keep="-") for name, value in values.items()}
        try:
            rendered = file_safe(self.text.format_map(safe))
        except (ValueError, KeyError, IndexError):
            raise self._unreadable() from None
        while "__" in rendered:  # a name that is empty
            rendered = rendered.replace("__", "_")
        if not any(character.isalnum() for character in rendered):
            raise UserError(texts.EMPTY_SCHEME.format(example=SCHEME))
        return rendered

    def _unreadable(self) -> UserError:
        return UserError(texts.BAD_SCHEME.format(scheme=self.text[:80], example=SCHEME))


def unlike(name: str, taken: Collection[str]) -> str:
    """Return the name, with -2, -3 and so on where it is taken; small and capital letters are the same."""
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        found = f"{name}-{number}"
    return found
