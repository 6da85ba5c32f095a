"""HTML of the section that explains how it works."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.page.explain import texts
from pipelines.page.explain.grid import Tried
from pipelines.page.explain.scale import Place
from pipelines.page.film import Frame
from pipelines.page.markup import _render
from pipelines.settings import SETTINGS


def explained(film: Sequence[Frame], places: Sequence[Place], one_photo: bool) -> str:
    """Film and scale of a run."""
    frames = [(caption(frame), frame.uri) for frame in film]
    return _render("explained.html", said=texts, frames=frames, places=places, one_photo=one_photo)


def caption(frame: Frame) -> str:
    """Words below a frame."""
    if frame.kind == "noise":
        return texts.NOISE.format(seed=frame.step)
    if frame.kind == "step":
        return texts.STEP.format(step=frame.step, count=frame.count)
    return texts.DRAWN if frame.kind == "drawn" else texts.FINISHED


def grid(rows: Mapping[str, Sequence[Mapping[str, float]]], made: Sequence[Tried]) -> str:
    """Small pictures row by row; a place for each that is not there yet."""
    seen = {tuple(one.settings.items()): one.uri for one in made}

    def cell(row: str, settings: Mapping[str, float]) -> dict[str, Any]:
        alt = texts.GRID_OF_SETTING.format(setting=SETTINGS[row].label, value=settings[row])
        return {"uri": seen.get(tuple(settings.items())), "value": settings[row], "alt": alt}

    cells = {texts.GRID_ROWS[row]: [cell(row, settings) for settings in tried] for row, tried in rows.items()}
    return _render("settings_grid.html", said=texts, rows=cells)


def glossary() -> str:
    """Faults to look for, and the words of the field."""
    return _render("glossary.html", said=texts)
