"""Space as space.toml describes it: its hardware, its files and what it installs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.deploy import texts
from pipelines.errors import UserError
from pipelines.paths import ROOT, read_table, rows_of

TABLE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Hardware that a Space may run on."""

    hub: str
    """Name that the hub gives it."""
    front_matter: Mapping[str, Any]
    """More lines at the head of the Space's README."""
    torch: tuple[str, ...]
    """Lines of its requirements.txt that bring PyTorch."""
    engine: str = ""
    """Engine that is loaded at the start; "" for the built-in one."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Files of every Space, as globs below the project's folder, and packages."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    extras: tuple[str, ...]
    """Extras of Gradio that a Space installs."""
    not_pinned: tuple[str, ...]
    """Packages whose version is pip's choice, by the names of the index."""

    def files(self) -> dict[str, Path]:
        """Files of the project by their path in the Space. Raises UserError if a glob finds none."""
        found: dict[str, Path] = {}
        for pattern in self.include:
            paths = [path for path in sorted(ROOT.glob(pattern)) if path.is_file()]
            if not paths:
                raise UserError(texts.FILE_MISSING.format(pattern=pattern))
            found |= {path.relative_to(ROOT).as_posix(): path for path in paths}
        left_out = {path.relative_to(ROOT).as_posix() for pattern in self.exclude for path in ROOT.glob(pattern)}
        hidden = {name for name in found if any(part.startswith((".", "__pycache__")) for part in name.split("/"))}
        return {name: path for name, path in found.items() if name not in left_out | hidden}


with rows_of(TABLE):
    _table = read_table(TABLE)
    HARDWARE: Mapping[str, Hardware] = MappingProxyType(
        {name: Hardware(**{**row, "torch": tuple(row["torch"])}) for name, row in _table.pop("hardware").items()}
    )
    """Hardware by the names of the command line; the first is the usual one."""
    CONTENTS = Contents(**{name: tuple(value) for name, value in _table.items()})
    """Contents of every Space."""


def hardware_row(name: str) -> Hardware:
    """Row of a hardware. Raises UserError."""
    if name not in HARDWARE:
        raise UserError(texts.NO_SUCH_HARDWARE.format(name=name, hardware=", ".join(HARDWARE)))
    return HARDWARE[name]
