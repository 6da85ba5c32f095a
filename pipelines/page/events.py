"""What happens to a visitor's photos, and what they get. Inputs and outputs are wired in `app.py`."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.errors import PhotoError, UserError
from pipelines.faces.photos import PhotoReport
from pipelines.finishing.export import EXPORTS
from pipelines.images.decode import open_photo
from pipelines.looks.fields import FIELDS
from pipelines.page import html
from pipelines.page.controls import AS_THE_LOOK, SLIDERS
from pipelines.page.error_messages import incident, sentences_only
from pipelines.page.runs import NO_CONSENT, RunResult, start_run
from pipelines.page.sessions import Sessions
from pipelines.progress import Progress
from pipelines.run_plan import DRAWN_SEEDS
from pipelines.settings import AUTO, MAX_PHOTOS
from pipelines.studio import Studio

NO_PHOTO = "Please add a photo first: one to six of one person."
NOTHING_YET = "Your pictures appear here."
TITLES = {"linkedin": "LinkedIn", "cv": "CV", "portrait-4x5": "Portrait"}
SIZE_NAMES = {
    size: f"{TITLES.get(size, size.replace('-', ' ').capitalize())} {width}×{height}"
    for size, (width, height) in EXPORTS.items()
}

Update = Any  # what gradio calls an update: a value, a component or gr.skip()


class Handlers:
    """The page's events. Everything of a visitor is kept by `visits`, under the session's name."""

    def __init__(self, studio: Studio, visits: Sessions):
        self.studio, self.visits = studio, visits

    def add_photos(
        self, files: Sequence[str] | None, consent: bool, request: gr.Request, *faces: str | None
    ) -> Iterator[list[Update]]:
        """Take uploads into memory, delete the files, and show what is in them."""
        with sentences_only():
            try:
                self.visits.add(_session(request), [self.visits.read_upload(file) for file in files or ()])
            except UserError as error:
                gr.Warning(escape(str(error)))
            yield [None, *_busy(self.visits.photos(_session(request)))]
            yield [None, *self._photos(request, consent, list(faces))]

    def add_example(self, example: Path) -> Callable[..., list[Update]]:
        """An event that takes this example selfie, in place of any photo there is."""

        def take(consent: bool, request: gr.Request, *faces: str | None) -> list[Update]:
            with sentences_only():
                session = _session(request)
                for _ in self.visits.photos(session):
                    self.visits.remove(session, 0)
                self.visits.add(session, [example.read_bytes()])
                return self._photos(request, consent, [])

        return take

    def remove_photo(self, k: int) -> Callable[..., list[Update]]:
        """An event that forgets photo k, counted from 0."""

        def remove(consent: bool, request: gr.Request, *faces: str | None) -> list[Update]:
            with sentences_only():
                self.visits.remove(_session(request), k)
                return self._photos(request, consent, [face for number, face in enumerate(faces) if number != k])

        return remove

    def look_at_photos(self, consent: bool, request: gr.Request, *faces: str | None) -> list[Update]:
        """Look again, after the tick or after another face was chosen."""
        with sentences_only():
            return self._photos(request, consent, list(faces))

    def _photos(self, request: gr.Request, consent: bool, faces: Sequence[str | None]) -> list[Update]:
        """For each of the six places: whether it is shown, its card, and the choice between its faces."""
        photos = self.visits.photos(_session(request))
        numbers = _numbers(faces, len(photos))
        reports = self.studio.check_photos(photos, numbers) if consent and photos else [_unchecked(p) for p in photos]
        updates: list[Update] = []
        for k in range(MAX_PHOTOS):
            if k >= len(reports):
                updates += [gr.Row(visible=False), "", gr.Radio(visible=False, value=None)]
                continue
            report = reports[k]
            several = [str(number) for number in range(1, report.faces + 1)] if report.faces > 1 else []
            value = str(numbers[k]) if str(numbers[k]) in several else None
            updates += [
                gr.Row(visible=True),
                html.photo_card(k + 1, report, len(reports), consent),
                gr.Radio(choices=several, value=value, visible=bool(several)),
            ]
        return updates

    def generate(self, consent: bool, look: str, request: gr.Request, *rest: Any) -> Iterator[list[Update]]:
        """Make the pictures. Gives (line beside the buttons, pictures, Generate, Cancel) several times a second."""
        fields, (words, negative_words, engine), rest = rest[:5], rest[5:8], rest[8:]
        sliders, (seed, count, *faces) = rest[: len(SLIDERS)], rest[len(SLIDERS) :]
        session = _session(request)
        photos = self.visits.photos(session)
        before: Update = gr.skip()  # a refusal leaves the pictures that are there
        try:
            if not photos:
                raise UserError(NO_PHOTO)
            if consent is not True:
                raise UserError(NO_CONSENT)
            wanted = {
                "look": look,
                **{
                    name: None if choice == AS_THE_LOOK else choice for name, choice in zip(FIELDS, fields, strict=True)
                },
                "words": words or "",
                "negative_words": negative_words or "",
                "engine": None if engine == AUTO else engine,
                **dict(zip(SLIDERS, sliders, strict=True)),
                "seed": _seed(seed),
                "count": count,
                "faces": _numbers(faces, len(photos)),
                "format": "jpeg",
                "sizes": tuple(EXPORTS),
            }
            with start_run(self.studio, self.visits, session, photos, both_formats=True, **wanted) as run:
                seen: dict[int, str] = {}
                before = html.muted(NOTHING_YET)
                yield [gr.skip(), html.placeholders(count, seen, 0), *_buttons(run=True)]
                for news in run.news():
                    shown = {p.picture: html.data_uri(p.preview) for p in news if p.preview is not None}
                    seen |= shown
                    status = html.progress_line(news[-1]) if news else gr.skip()
                    pictures = html.placeholders(count, seen, _live(news[-1])) if shown else gr.skip()
                    yield [status, pictures, gr.skip(), gr.skip()]
                made: RunResult = run.result()
            number = len(made.pictures)
            done = "Here it is." if number == 1 else f"{number} pictures, the best likeness first."
            yield [html.muted(done), html.results(made.pictures, made.others, SIZE_NAMES), *_buttons(run=False)]
        except UserError as error:
            yield [html.alert(str(error)), before, *_buttons(run=False)]
        except Exception as error:  # noqa: BLE001 - the visitor sees a sentence, the log sees where it was
            yield [html.alert(incident(error)), before, *_buttons(run=False)]

    def cancel(self, request: gr.Request) -> None:
        """Stop this visitor's run: it ends within a step, and `generate` says so.

        Not by Gradio's `cancels`, which closes the generator: where that is just computing a value, the page shows an
        error and keeps its Cancel button.
        """
        self.visits.cancel(_session(request))

    def use_recipe(self, file: str | None) -> list[Update]:
        """Put the settings of an earlier picture into the controls."""
        names = ("look", *FIELDS, "words", "negative_words", "engine", *SLIDERS, "seed")
        with sentences_only():
            if file is None:
                return [gr.skip()] * (len(names) + 2)
            recipe = self.studio.recipe(self.visits.read_upload(file))
            values = [getattr(recipe, name) for name in names[:-1]] + [str(recipe.seed)]
            values = [AS_THE_LOOK if value is None else value for value in values]  # only fields can be None
            gr.Info("The settings of that picture are in place; with the same photos they make it again.")
            return [*values, 1, None]

    def forget(self, request: gr.Request) -> None:
        """The visitor has closed the page."""
        self.visits.forget(_session(request))


def roll() -> str:
    """A new seed."""
    return str(secrets.randbelow(DRAWN_SEEDS))


def _session(request: gr.Request) -> str:
    return str(request.session_hash)


def _numbers(faces: Sequence[str | None], photos: int) -> list[int | None]:
    chosen = [int(face) if face else None for face in faces]
    return (chosen + [None] * photos)[:photos]


def _seed(text: str | None) -> int | None:
    text = (text or "").strip()
    if not text.isdecimal():
        if text:
            raise UserError("The seed must be a whole number, or empty for other pictures each time.")
        return None
    return int(text)


def _unchecked(photo: bytes) -> PhotoReport:
    try:
        return PhotoReport(image=open_photo(photo), faces=0, error=None)
    except PhotoError as error:
        return PhotoReport(image=None, faces=0, error=str(error))


def _busy(photos: Sequence[bytes]) -> list[Update]:
    updates: list[Update] = []
    for k in range(MAX_PHOTOS):
        updates += [gr.Row(visible=k < len(photos)), gr.skip(), gr.skip()]
    return updates


def _live(progress: Progress) -> int:
    """The number of the picture that is not finished yet; 0 if there is none."""
    return 0 if progress.stage == "saving" else progress.picture


def _buttons(*, run: bool) -> list[Update]:
    return [gr.Button(visible=not run), gr.Button(visible=run)]
