"""Output folder of a run. A run that does not end well leaves no file behind."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence

UNUSABLE = Sentence("The folder for the pictures cannot be used ({reason}). Choose another folder.")
CANNOT_SAVE = Sentence(
    "The pictures cannot be saved ({reason}). Free some space or choose another folder, then try again."
)


class OutputFolder:
    """A run's folder: `with Output(folder) as output:`. None is a private temporary folder (mode 0700)."""

    def __init__(self, folder: str | Path | None):
        self._wanted = None if folder is None else Path(folder)
        self._made: list[Path] = []  # folders we made, the outermost first
        self._files: list[Path] = []
        self.folder = Path()

    def __enter__(self) -> Self:
        try:
            if self._wanted is None:
                self.folder = Path(tempfile.mkdtemp(prefix="headshots-"))
                self._made = [self.folder]
            else:
                self.folder = self._wanted
                for folder in reversed([self.folder, *self.folder.parents]):
                    if not folder.exists():
                        folder.mkdir(exist_ok=True)
                        self._made.append(folder)
                if not self.folder.is_dir():
                    raise NotADirectoryError(20, "it is a file")
        except OSError as error:
            self._remove()
            raise UserError(UNUSABLE.format(reason=error.strerror)) from error
        return self

    def reserve(self, stem: str, suffix: str) -> Path:
        """Make an empty file that was not there before: `stem.png`, else `stem-2.png` and so on."""
        for number in itertools.count(1):
            path = self.folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            try:
                path.open("xb").close()
            except FileExistsError:
                continue
            except OSError as error:
                raise cannot_save(error) from error
            self._files.append(path)
            return path
        raise AssertionError("there are always more numbers")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Reserve files that are there all or not at all: an error inside deletes them."""
        before = len(self._files)
        try:
            yield
        except BaseException:
            for file in self._files[before:]:
                file.unlink(missing_ok=True)
            del self._files[before:]
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            self._remove()

    def _remove(self) -> None:
        for file in self._files:
            file.unlink(missing_ok=True)
        for folder in reversed(self._made):
            with suppress(FileNotFoundError):  # whoever ended the run has deleted it
                if not any(folder.iterdir()):
                    folder.rmdir()


def cannot_save(error: OSError) -> UserError:
    """The sentence for a full or read-only disk."""
    return UserError(CANNOT_SAVE.format(reason=error.strerror))
