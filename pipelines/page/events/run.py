"""Events of a run: make pictures, cancel, take over the settings of an earlier picture, forget the session."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from pipelines.errors import UserError
from pipelines.finishing.export import AT_MOST, EXPORTS
from pipelines.page import markup, texts
from pipelines.page.controls import AS_THE_LOOK, FACES, chosen_fields
from pipelines.page.error_messages import incident, sentences_only
from pipelines.page.events.photos import Updates, face_choices
from pipelines.page.layout import ResultsSection
from pipelines.page.run_thread import RunThread
from pipelines.page.runs import RunResult, require_consent, start_run
from pipelines.page.sessions import Sessions, session_of
from pipelines.progress import Progress
from pipelines.settings import AUTO
from pipelines.studio import Studio

SIZE_NAMES = {
    size: f"{texts.SIZES.get(size, size.replace('-', ' ').capitalize())} {width}×{height}"
    for size, (width, height) in EXPORTS.items()
    if size not in AT_MOST
}


class RunEvents:
    """Events of a run. `sessions` keeps photos and pictures; nothing of a person is kept here."""

    def __init__(self, studio: Studio, sessions: Sessions, section: ResultsSection):
        self.studio, self.sessions, self.section = studio, sessions, section

    def generate(self, request: gr.Request, consent: bool, **values: Any) -> Iterator[Updates]:
        """Make the pictures; give status line, pictures and buttons several times a second.

        `values` are those of the controls of a request, by its own names, and of the radios for faces.
        """
        session = session_of(request)
        photos = self.sessions.photos(session)
        begun = False
        try:
            if not photos:
                raise UserError(texts.NO_PHOTO)
            require_consent(consent)
            wanted = request_values(values, len(photos))
            with start_run(self.studio, self.sessions, session, photos, both_formats=True, **wanted) as run:
                begun = True
                yield from self._watch(run, wanted["count"])
                made = run.result()
            yield {**self._finished(made), **self._buttons(running=False)}
        except UserError as error:
            yield self._failed(str(error), begun)
        except Exception as error:  # noqa: BLE001 - the person sees a sentence, the log sees where it was
            yield self._failed(incident(error), begun)

    def _watch(self, run: RunThread[RunResult], count: int) -> Iterator[Updates]:
        seen: dict[int, str] = {}
        yield {self.section.pictures: markup.placeholders(count, seen, 0), **self._buttons(running=True)}
        for news in run.news():
            shown = {p.picture: markup.data_uri(p.preview, made=True) for p in news if p.preview is not None}
            seen |= shown
            updates: Updates = {self.section.status: markup.progress_line(news[-1]) if news else gr.skip()}
            if shown:
                updates[self.section.pictures] = markup.placeholders(count, seen, _live(news[-1]))
            yield updates

    def _finished(self, made: RunResult) -> Updates:
        number = len(made.pictures)
        done = texts.ONE_DONE if number == 1 else texts.SEVERAL_DONE.format(pictures=number)
        pictures = markup.results(made.pictures, made.others, SIZE_NAMES)
        return {self.section.status: markup.muted(done), self.section.pictures: pictures}

    def _failed(self, sentence: str, begun: bool) -> Updates:
        """Show a sentence; a run that never began leaves the pictures that are there."""
        updates = {self.section.status: markup.alert(sentence), **self._buttons(running=False)}
        return {**updates, self.section.pictures: markup.muted(texts.NOTHING_YET)} if begun else updates

    def _buttons(self, *, running: bool) -> Updates:
        return {self.section.generate: gr.Button(visible=not running), self.section.cancel: gr.Button(visible=running)}

    def cancel(self, request: gr.Request) -> None:
        """Stop the session's run: it ends within a step, and `generate` says so.

        Not by Gradio's `cancels`, which closes the generator: where that is just computing a value, the page shows an
        error and keeps its Cancel button.
        """
        self.sessions.cancel(session_of(request))

    def use_recipe(self, controls: Mapping[str, Any], count: Any, earlier: Any) -> Callable[..., Updates]:
        """Make an event that puts the settings of an earlier picture into `controls`, by their names in a recipe."""

        def use(file: str | None) -> Updates:
            with sentences_only():
                if file is None:
                    return {earlier: gr.skip()}
                recipe = self.studio.recipe(self.sessions.uploads.read(file))
                values = {name: getattr(recipe, name) for name in controls}
                values["seed"] = str(recipe.seed)
                gr.Info(texts.SETTINGS_IN_PLACE)
                # only fields can be None
                updates = {controls[name]: AS_THE_LOOK if value is None else value for name, value in values.items()}
                return {**updates, count: 1, earlier: None}

        return use

    def forget(self, request: gr.Request) -> None:
        """End the session: the page was closed."""
        self.sessions.forget(session_of(request))


def request_values(values: Mapping[str, Any], photos: int) -> dict[str, Any]:
    """Arguments of a Request from the values of the page's controls, all by name. Raises UserError."""
    asked = {name: value for name, value in values.items() if name not in FACES}
    return {
        **asked,
        **chosen_fields(asked),
        "words": asked["words"] or "",
        "negative_words": asked["negative_words"] or "",
        "engine": None if asked["engine"] == AUTO else asked["engine"],
        "seed": _seed(asked["seed"]),
        "faces": face_choices([values[name] for name in FACES], photos),
        "format": "jpeg",
        "sizes": tuple(SIZE_NAMES),  # those that are cut from the picture; a larger one is drawn again
    }


def _seed(text: str | None) -> int | None:
    text = (text or "").strip()
    if not text.isdecimal():
        if text:
            raise UserError(texts.BAD_SEED)
        return None
    return int(text)


def _live(progress: Progress) -> int:
    """The number of the picture that is not finished yet; 0 if there is none."""
    return 0 if progress.stage == "saving" else progress.picture
