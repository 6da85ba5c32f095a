"""The page's own HTML: short pieces, every text from outside escaped."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.engine_table import EngineSpec
from pipelines.faces.photos import PhotoReport
from pipelines.picture import Picture
from pipelines.progress import Progress

THUMBNAIL = 320  # pixels of the longer side, for photos and previews inside the page

STAGES = {
    "photos": "Looking at the photos",
    "loading": "Loading the engine",
    "drawing": "Drawing",
    "finishing": "Cutting out, backdrop and grade",
    "saving": "Saving",
}


LOGO = (
    '<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect width="32" height="32" rx="9"/>'
    '<circle cx="16" cy="12.5" r="5"/><path d="M6.5 27a9.5 8.5 0 0 1 19 0"/></svg>'
)


def header(title: str, promise: str) -> str:
    """The top of the page."""
    return f'<p class="name">{LOGO}<span>{escape(title)}</span></p><h1>{escape(promise)}</h1>'


def heading(title: str, number: int | None = None, about: str = "") -> str:
    """The heading of a part of the page; those that are steps on the way have numbers."""
    step = f"<span>{number}</span>" if number is not None else ""
    return f"<h2>{step}{escape(title)}</h2>" + (muted(about) if about else "")


def sample_pictures(selfie: str, looks: Mapping[str, str]) -> str:
    """What the place for the pictures shows before there are any: a selfie and pictures made of it, by title."""
    cells = [("Selfie", selfie), *looks.items()]
    figures = "".join(
        f'<figure><img src="{uri}" alt=""><figcaption>{escape(title)}</figcaption></figure>' for title, uri in cells
    )
    return (
        f'<div class="sample">{figures}</div>'
        f"{muted('Made by the built-in engine. This person does not exist. Your pictures appear here.')}"
    )


def data_uri(image: np.ndarray, side: int = THUMBNAIL) -> str:
    """Put a small copy of uint8 RGB (H, W, 3) into the page itself, so that no file is written for it."""
    picture = Image.fromarray(image)
    picture.thumbnail((side, side))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def alert(sentence: str) -> str:
    """A sentence that must be seen."""
    return f'<p class="alert" role="alert">{escape(sentence)}</p>'


def muted(sentence: str) -> str:
    """A sentence beside the point."""
    return f'<p class="quiet">{escape(sentence)}</p>'


def notes(sentences: Iterable[str]) -> str:
    """Quiet sentences, one a line."""
    lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def photo_card(number: int, report: PhotoReport, photos: int, checked: bool) -> str:
    """What was found in one photo."""
    picture = f'<img src="{data_uri(report.image)}" alt="Photo {number}">' if report.image is not None else ""
    kind, headline = _found(report, checked)
    weight = ""
    if checked and photos > 1 and report.weight:
        weight = f'<p class="quiet">Counts for {report.weight:.0%} of the identity.</p>'
    return (
        f'<div class="photo">{picture}<div><h4>Photo {number}</h4>'
        f'<p class="{kind}">{escape(headline)}</p>{weight}{notes(n for n in report.notes if n != headline)}</div></div>'
    )


def _found(report: PhotoReport, checked: bool) -> tuple[str, str]:
    if report.error is not None:
        return "bad", report.error
    if not checked:
        return "quiet", "Tick the box above and the photo is looked at."
    if report.weight == 0:
        return "bad", report.notes[0]
    return "good", "One clear face." if report.faces == 1 else f"{report.faces} faces; yours is chosen."


def words_known(groups: Mapping[str, Sequence[str]]) -> str:
    """The words an engine understands, each with usual phrases that say the same."""
    if not groups:
        return '<p class="quiet">This engine reads free text: describe what you want in plain English.</p>'
    chips = " ".join(f"<code>{_plain(word)}</code>" for word in groups)
    rows = "".join(
        f"<tr><th><code>{_plain(word)}</code></th><td>{escape(', '.join(said))}</td></tr>"
        for word, said in groups.items()
    )
    return (
        f'<div class="words"><p class="quiet">This engine understands: {chips}</p>'
        f"<details><summary>Everyday phrases that say the same</summary><table>{rows}</table></details></div>"
    )


def words_heard(understood: Sequence[str], ignored: Sequence[str]) -> str:
    """What becomes of the words that are in the boxes now."""
    parts = []
    if understood:
        parts.append(f'<p class="good">Understood: {_list(understood)}</p>')
    if ignored:
        parts.append(f'<p class="bad">Ignored, because this engine does not know them: {_list(ignored)}</p>')
    return f'<div class="heard">{"".join(parts)}</div>' if parts else ""


def engine_card(spec: EngineSpec, reason: str) -> str:
    """What an engine is, its licence, and why it is this one."""
    return (
        f'<div class="engine"><p>{escape(spec.about)}</p>'
        f"<p><b>Licence:</b> {escape(spec.licence)}.</p>"
        f'<p class="quiet">Why this one: {escape(reason)}.</p></div>'
    )


def progress_line(progress: Progress) -> str:
    """The line and the bar beside the buttons while a run goes on."""
    if progress.stage == "waiting":
        ahead = progress.place or 0
        what = f"Waiting in line: {ahead} {'run' if ahead == 1 else 'runs'} before yours"
    elif progress.picture == 0:
        what = STAGES[progress.stage]
    else:
        what = f"Picture {progress.picture} of {progress.count}: {STAGES[progress.stage].lower()}"
    left = "" if progress.seconds_left is None else f" · {_duration(progress.seconds_left)} left"
    return (
        f'<div class="run" role="status"><p>{what}{left}</p>'
        f'<progress max="1" value="{progress.done:.3f}" aria-label="How far the run is"></progress></div>'
    )


def placeholders(count: int, seen: Mapping[int, str], live: int) -> str:
    """The pictures of a run that goes on: those seen so far, picture number `live` being drawn, and empty places."""
    places = []
    for number in range(1, count + 1):
        kind = "place live" if number == live else "place"
        inside = f'<img src="{seen[number]}" alt="Picture {number}">' if number in seen else ""
        places.append(f'<div class="{kind}">{inside}</div>')
    return f'<div class="pictures">{"".join(places)}</div>'


def results(pictures: Sequence[Picture], others: Mapping[Path, Path], sizes: Mapping[str, str]) -> str:
    """The finished pictures, each with likeness, seed and downloads; warnings once where they are the same."""
    shared = [w for w in pictures[0].warnings if all(w in picture.warnings for picture in pictures)]
    cards = "".join(_result(number, picture, others, sizes, shared) for number, picture in enumerate(pictures, 1))
    basis = pictures[0].likeness.basis
    return (
        f'<div class="pictures done">{cards}</div>'
        f'<p class="quiet">Likeness is the cosine between the face in the picture and yours, as a face recogniser '
        f"sees them, next to what is usual for {escape(basis)}. Every file carries a mark that says it was made by AI, "
        f"and its recipe.</p>"
        f"{notes(shared)}"
    )


def _result(
    number: int, picture: Picture, others: Mapping[Path, Path], sizes: Mapping[str, str], shared: Sequence[str]
) -> str:
    likeness = picture.likeness
    files = sorted([picture.path, others[picture.path]], key=lambda path: path.suffix, reverse=True)
    links = "".join(_link(path, {".png": "PNG", ".jpg": "JPEG"}[path.suffix]) for path in files)
    cuts = "".join(_link(path, sizes.get(size, size)) for size, path in picture.sizes.items())
    if cuts:
        links += f"<details><summary>Other sizes</summary><p>{cuts}</p></details>"
    cosine = "no face" if likeness.cosine is None else f"{likeness.cosine:.2f}"
    meter = ""
    if likeness.cosine is not None:
        low, high, here = (_percent(value) for value in (likeness.low, likeness.high, likeness.cosine))
        meter = (
            f'<div class="meter" aria-hidden="true"><i style="left:{low}%;width:{high - low}%"></i>'
            f'<b style="left:{here}%"></b></div>'
        )
    own = notes(warning for warning in picture.warnings if warning not in shared)
    url = _url(picture.path)
    return (
        f'<figure><a href="{url}" target="_blank" rel="noopener"><img src="{url}" alt="Headshot {number}"></a>'
        f"<figcaption><p><b>Likeness {cosine}</b>"
        f'<span class="quiet"> · usual {likeness.low:.2f}–{likeness.high:.2f}</span></p>{meter}'
        f'<p>{escape(likeness.verdict)}</p>{own}<p class="quiet">Seed {picture.seed}</p>'
        f'<div class="links">{links}</div></figcaption></figure>'
    )


def _link(path: Path, label: str) -> str:
    return f'<a href="{_url(path)}" download="{escape(path.name)}">{escape(label)}</a>'


def _url(path: Path) -> str:
    return f"gradio_api/file={escape(str(path))}"  # relative, so that it works behind a proxy


def _plain(word: str) -> str:
    return escape(word.replace("-", " "))


def _list(pieces: Sequence[str]) -> str:
    return ", ".join(f"<q>{escape(piece)}</q>" for piece in pieces)


def _percent(cosine: float) -> int:
    return round(100 * min(1.0, max(0.0, cosine)))


def _duration(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
