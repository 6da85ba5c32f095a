"""Finished pictures as HTML: the cards of a run, the strip of earlier runs, and how long all of it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.language.sentence import joined
from pipelines.page import markup, texts
from pipelines.page.visit.kept_runs import KeptPicture, KeptRun
from pipelines.picture import Picture

FORMATS = {".png": "PNG", ".jpg": "JPEG"}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Card:
    name: str
    picture: Picture
    title: str
    files: Sequence[Path]
    warnings: Sequence[str]
    """Those of this picture alone."""
    changeable: bool


def results(run: KeptRun, sizes: Mapping[str, str], looks: Mapping[str, str]) -> str:
    """Cards of a run, each with likeness, seed and downloads; warnings once where they are the same.

    `sizes` has the labels of extra sizes, `looks` the titles of looks.
    """
    pictures = [kept.picture for kept in run.pictures]
    shared = [w for w in pictures[0].warnings if all(w in picture.warnings for picture in pictures)]
    cards = [_card(kept, shared, looks) for kept in run.pictures]
    return markup._render("results.html", cards=cards, shared=shared, sizes=sizes, formats=FORMATS, sheet=run.sheet)


def _card(kept: KeptPicture, shared: Sequence[str], looks: Mapping[str, str]) -> _Card:
    files = [kept.picture.path, *([kept.other] if kept.other else [])]
    return _Card(
        name=kept.name,
        picture=kept.picture,
        title=looks.get(kept.picture.recipe.look, kept.picture.recipe.look),
        files=sorted(files, key=lambda path: path.suffix, reverse=True),
        warnings=[warning for warning in kept.picture.warnings if warning not in shared],
        changeable=kept.drawing is not None,
    )


def earlier_runs(runs: Sequence[KeptRun], looks: Mapping[str, str]) -> str:
    """Strip of small pictures, run by run; "" without any."""
    if not runs:
        return ""
    strips = [(run, joined(markup.OR, _titles(run, looks))) for run in runs]
    return markup._render("earlier_runs.html", strips=strips)


def _titles(run: KeptRun, looks: Mapping[str, str]) -> list[str]:
    if run.sheet:
        return [texts.ALL_LOOKS]
    titles = dict.fromkeys(kept.picture.recipe.look for kept in run.pictures)
    return [looks.get(title, title) for title in titles]


def kept_for(seconds: float) -> str:
    """Sentence on how long photos and pictures are still kept."""
    left = texts.IN_SECONDS.format(number=seconds) if seconds < 90 else texts.IN_MINUTES.format(number=seconds / 60)
    return markup._render("kept_for.html", sentence=texts.FORGOTTEN_IN.format(left=left))
