"""The page's own HTML, rendered from `templates/`, where Jinja escapes every text and translates every sentence."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from PIL import Image

from pipelines.engine_spec import EngineSpec
from pipelines.faces.photo_report import PhotoReport
from pipelines.images.decode import Refusal
from pipelines.language.rendered import Rendered
from pipelines.language.sentence import Sentence
from pipelines.language.speaking import spoken
from pipelines.page import texts
from pipelines.page.camera.frames import Seen
from pipelines.page.response.pictures import address
from pipelines.progress import Progress
from pipelines.provenance.save import mark_packet

THUMBNAIL = 320
"""Pixels of the longer side, for photos and previews inside the page."""
GROUP = 960
"""The same for a photo of several people, in which one is tapped."""
OR = " / "
"""Between the titles in a label that has several."""
TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def environment() -> Environment:
    """Templates, with autoescape on and an error for a name that nobody gave."""
    made = Environment(loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, finalize=spoken)
    made.globals["texts"] = texts
    made.filters |= {"served": _served, "percent": _percent, "in_words": _in_words}
    return made


def _source(name: str) -> str:
    """A template on one line: its line breaks and indents are for its readers and no white space of the page."""
    return re.sub(r"\s*\n\s*", "", (TEMPLATES / name).read_text("utf-8"))


def _render(template: str, **values: Any) -> str:
    return Rendered(partial(environment().get_template(template).render, values))


def _piece(name: str, value: Any) -> str:
    return Rendered(lambda: str(getattr(environment().get_template("pieces.html").module, name)(value)))


def header() -> str:
    """The top of the page."""
    return _render("header.html")


def heading(title: str, number: int | None = None) -> str:
    """The heading of a section of the page; those that are steps on the way have numbers."""
    return _render("heading.html", title=title, number=number)


def sample_pictures(selfie: str, looks: Mapping[str, str]) -> str:
    """An example, shown where the pictures will be: a selfie and pictures made of it, addresses by title."""
    return _render("sample.html", pictures=[(texts.SELFIE, selfie), *looks.items()])


def data_uri(image: np.ndarray, side: int = THUMBNAIL, *, made: bool = False) -> str:
    """Put a small copy of uint8 RGB (H, W, 3) into the page itself, so that no file is written for it.

    One that was `made` here carries the mark of pictures made by AI.
    """
    picture = Image.fromarray(image)
    picture.thumbnail((side, side))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=80, xmp=mark_packet() if made else b"")
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def said(sentence: str) -> str:
    """A sentence in grey that the page's script lets a screen reader say when it comes."""
    return _piece("said", sentence)


def alert(sentence: str) -> str:
    """A sentence that must be seen."""
    return _piece("alert", sentence)


def alerts(sentences: Iterable[str]) -> str:
    """Sentences that must be seen; "" without any."""
    return _piece("alerts", list(sentences))


def too_large() -> str:
    """A hidden alert that the page's script shows, for files too large to send or that a proxy has refused to pass."""
    sentence = texts.LEFT_OUT.format(file="{file}", reason=Refusal.TOO_HEAVY)
    return _render("too_large.html", sentence=sentence, refused=texts.REFUSED_ON_THE_WAY)


def camera() -> str:
    """The button for a photo from the camera, and the dialog that it opens on computers."""
    return _render("camera.html")


def frame_seen(seen: Seen, number: str) -> str:
    """Marks and a sentence on a frame of the camera, under the number that the page's script gave it."""
    return _render("frame_seen.html", seen=seen, number=number)


def good_selfie() -> str:
    """Advice on a good selfie, in pairs of pictures; closed until somebody opens it."""
    pairs = [
        (*said, [address(f"selfie-{name}-{kind}.jpg") for kind in ("good", "bad")])
        for name, said in texts.GOOD_SELFIE_PAIRS.items()
    ]
    return _render("good_selfie.html", pairs=pairs)


def viewer() -> str:
    """The dialog that shows a picture in full size, and as it looks round and small."""
    return _render("viewer.html")


def held(name: str, uri: str | None) -> str:
    """The selfie for the picture of this name as a data URI, or a sentence; the page's script shows it."""
    return _render("held.html", name=name, uri=uri)


def muted(sentence: str) -> str:
    """A sentence in grey."""
    return _piece("muted", sentence)


def titled(title: str, sentence: str) -> str:
    """A sentence in grey below a small heading."""
    return _render("titled.html", title=title, sentence=sentence)


def notes(sentences: Iterable[str]) -> str:
    """Sentences in grey, one a line; "" without any."""
    return _piece("notes", list(sentences))


def photo_card(number: int, report: PhotoReport, photos: int, checked: bool) -> str:
    """A photo, and what was found in it. `number` counts from 1; unchecked photos only say how to go on."""
    kind, headline = _found(report, checked)
    return _render(
        "photo.html",
        number=number,
        uri=None if report.image is None else data_uri(report.image, GROUP if report.boxes else THUMBNAIL),
        boxes=report.boxes,
        kind=kind,
        headline=headline,
        weight=report.weight if checked and photos > 1 else None,
        others=[note for note in report.notes if note != headline],
    )


def _found(report: PhotoReport, checked: bool) -> tuple[str, str]:
    if report.error is not None:
        return "bad", report.error
    if not checked:
        return "quiet", texts.NOT_CHECKED
    if report.weight == 0:
        return "bad", report.notes[0]
    return "good", texts.ONE_FACE if report.faces == 1 else texts.SEVERAL_FACES.format(faces=report.faces)


def known_words(groups: Mapping[str, Sequence[str]]) -> str:
    """The words an engine understands, each with usual phrases that say the same; empty `groups`: free text."""
    return _render("known_words.html", groups=groups)


def heard_words(
    understood: Sequence[str],
    ignored: Sequence[str],
    sets: Sequence[str] = (),
    language: str | None = None,
    note: str = "",
) -> str:
    """The words in the boxes, parted into those that an engine knows and those that it does not; "" without any.

    `sets` are the fields that they set, `language` another than English that they are written in, `note` a sentence on
    what keeps them from working.
    """
    return _render("heard_words.html", understood=understood, ignored=ignored, sets=sets, language=language, note=note)


def engine_card(spec: EngineSpec, reason: str, missing: str = "", command: str = "") -> str:
    """An engine, its licence, and why it is this one; `missing` is the size of what `command` brings here."""
    return _render("engine.html", spec=spec, reason=reason, missing=missing, command=command)


def progress_line(progress: Progress) -> str:
    """The line and the bar beside the buttons while a run goes on."""
    return _render("progress.html", doing=_doing(progress), left=_time_left(progress), done=progress.done)


def _doing(progress: Progress) -> str:
    if progress.stage == "waiting":
        ahead = progress.place or 0
        return texts.ONE_RUN_AHEAD if ahead == 1 else texts.RUNS_AHEAD.format(runs=ahead)
    if progress.fetched is not None:
        return texts.FETCHING.format(percent=int(100 * progress.fetched))
    stage = texts.STAGES[progress.stage]
    if progress.picture == 0:
        return stage
    return texts.PICTURE_AT_HAND.format(number=progress.picture, count=progress.count, stage=stage)


def _time_left(progress: Progress) -> str:
    seconds = progress.seconds_left
    if seconds is None:
        return ""
    duration = texts.SECONDS.format(number=seconds) if seconds < 90 else texts.MINUTES.format(number=seconds / 60)
    return texts.TIME_LEFT.format(duration=duration)


def placeholders(count: int, seen: Mapping[int, str], live: int) -> str:
    """The pictures of a run that goes on: previews by number, picture number `live` being drawn, and empty places."""
    return _render("placeholders.html", count=count, seen=seen, live=live)


def _served(path: Path) -> str:
    return f"gradio_api/file={path}"  # relative, so that it works behind a proxy


def _in_words(name: str) -> str:
    """A word of the vocabulary as people type it; a sentence as it is."""
    return name if isinstance(name, Sentence) else name.replace("-", " ")


def _percent(cosine: float) -> int:
    return round(100 * min(1.0, max(0.0, cosine)))
