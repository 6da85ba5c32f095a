"""Outcomes of rows, and the record that lies beside a row's pictures: it makes a run resumable, and is the report's."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pipelines.picture import Picture

RECORD = "row.json"
"""File in a row's folder."""
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """End of a row's work."""

    number: int
    state: str  # "made", "kept" or "refused"
    reason: str = ""
    fatal: bool = False
    """The reason holds for every other row as well, such as a full disk."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A picture in a row's record."""

    file: str
    seed: int
    likeness: float | None  # cosine
    usual: tuple[float, float]
    verdict: str
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, picture: "Picture", file: str) -> Self:
        """Describe a picture that was saved under this name."""
        known = picture.likeness
        return cls(
            file=file,
            seed=picture.seed,
            likeness=known.cosine,
            usual=(known.low, known.high),
            verdict=known.verdict,
            warnings=picture.warnings,
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """Record of a row that is done. It holds nothing of a face and no path."""

    fingerprint: str
    pictures: Sequence[Made]

    def to_json(self) -> str:
        """Write the record as JSON; the same row gives the same text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes | None) -> Self | None:
        """Read a record; None if there is none, or the text is none of ours."""
        try:
            values = json.loads(text or "null")
            if values.pop("format") != FORMAT:
                return None
            pictures = [
                Made(**{**one, "usual": tuple(one["usual"]), "warnings": tuple(one["warnings"])})
                for one in values.pop("pictures")
            ]
            return cls(pictures=pictures, **values)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
