"""Messages between the page and an engine's replica: plain values, and errors as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.language.sentence import Sentence
from pipelines.picture import Picture

ENDED = Sentence("The engine's machine was lost before the pictures were done. Press Generate to start again.")


class EngineFault(Exception):
    """A bug in a replica's process, whose log says where, and no more: a message may hold a face."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Order:
    """A run: the arguments of its Request but the folder, and whether drawings are wanted."""

    photos: tuple[bytes, ...]
    settings: Mapping[str, Any]
    previews: bool
    drawings: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Finished:
    """The pictures of a run, and the content of each of their files by its name."""

    pictures: tuple[Picture, ...]
    files: Mapping[str, bytes]
