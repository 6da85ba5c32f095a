"""Grid of small pictures: the best one of a run again, with one setting changed at a time."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.drawings.drawing import Drawing
from pipelines.engine_spec import EngineSpec
from pipelines.page.explain import texts
from pipelines.page.markup import data_uri
from pipelines.page.run_thread import RunThread
from pipelines.page.runs import of_all, running
from pipelines.page.sessions import Sessions
from pipelines.progress import Progress
from pipelines.provenance.recipe import Recipe
from pipelines.request import Request
from pipelines.studio import Studio

TRIED = tuple(texts.GRID_ROWS)
"""Settings that are tried out."""
SIDE = 240
"""Pixels of a small picture's longer side."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A small picture, and the settings that it was drawn with."""

    settings: Mapping[str, float]
    """Each of TRIED."""
    uri: str
    """A data URI with the mark of pictures made by AI."""


def rows(spec: EngineSpec, recipe: Recipe) -> dict[str, list[dict[str, float]]]:
    """Settings to try, row by row: each of TRIED that this engine follows, at three values, the others as they were."""
    own = {name: float(getattr(recipe, name)) for name in TRIED}
    return {
        name: [{**own, name: value} for value in _values(spec, name, own[name])]
        for name in TRIED
        if name not in spec.unused_settings
    }


def _values(spec: EngineSpec, setting: str, own: float) -> list[float]:
    """The ends of what a setting can be, and between them the picture's own value, or the middle."""
    low, high = spec.offered(setting)
    return [low, own if low < own < high else (low + high) / 2, high]


def wanted(spec: EngineSpec, recipe: Recipe) -> list[dict[str, float]]:
    """Settings of all pictures of the grid, each once, in the order in which they are drawn."""
    return [dict(one) for one in dict.fromkeys(tuple(s.items()) for row in rows(spec, recipe).values() for s in row)]


@contextmanager
def start_grid(
    studio: Studio,
    sessions: Sessions,
    session: str,
    photos: Sequence[bytes],
    faces: Sequence[int | None],
    recipe: Recipe,
    settings: Sequence[Mapping[str, float]],
    made: list[Tried],
) -> Iterator[RunThread[None]]:
    """Start drawing a picture once for each of these settings, into `made`.

    Its files are deleted as soon as it is in there. Raises UserError.
    """

    def work(on_progress: Callable[[Progress], None], cancel: Any) -> None:
        for k, changes in enumerate(settings):
            folder = sessions.new_folder(session)
            tell = of_all(on_progress, k, len(settings))
            request = Request.from_recipe(recipe, photos, faces=tuple(faces), format="jpeg", out=folder, **changes)
            drawn: list[Drawing] = []
            tell_all: dict[str, Any] = {"on_progress": tell, "on_drawing": drawn.append}
            try:
                (picture,) = studio.headshots(request, cancel=cancel, session=session, previews=False, **tell_all)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            # A head as it was drawn is larger than in the finished picture, and these settings change no more.
            heads = [one.drawn.image for one in drawn if one.plan.spec.draws == "head"]
            made.append(Tried(settings=dict(changes), uri=data_uri((*heads, picture.image)[0], SIDE, made=True)))

    with running(sessions, session, work, recipe.engine) as run:
        yield run
