"""Folders of this project, found from where the code lies, and its tables in TOML."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
PRESETS = ROOT / "presets"
ASSETS = ROOT / "assets"


def read_table(file: Path) -> dict[str, Any]:
    """Read a TOML file. Raises UserError: it is missing or damaged; the sentence names it."""
    where = f"{file.parent.name}/{file.name}"
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UserError(
            f"{where} cannot be read ({error.strerror}). Check its permissions, or restore it from the repo."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not UTF-8 text. Save it again as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where} is not valid TOML: {error}. Correct that line.") from error
    except RecursionError as error:
        raise UserError(f"{where} is nested too deeply to be read. Restore it.") from error


@contextmanager
def rows_of(file: Path) -> Iterator[None]:
    """Take what a table of the project must hold out of it inside. Raises UserError where it does not."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file.parent.name}/{file.name} is damaged or incomplete ({error}). Restore it.") from error
