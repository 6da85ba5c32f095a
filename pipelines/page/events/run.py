"""Events of a run: make pictures, skip one, cancel, take over a recipe, forget the session."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import engine_row
from pipelines.errors import Cancelled, UserError
from pipelines.finishing.export import AT_MOST, EXPORTS
from pipelines.language.sentence import joined
from pipelines.language.speaking import spoken
from pipelines.looks.fields import BUILTIN, FIELDS
from pipelines.looks.preset import Look, load_look, own_choices, with_chosen_cut, with_fields
from pipelines.looks.shoot import with_cut_of
from pipelines.page import markup, texts
from pipelines.page.controls import ANY, AS_THE_LOOK, FACES, SLIDERS, Controls, chosen_fields
from pipelines.page.error_messages import sentences_only
from pipelines.page.events.photos import Updates, face_choices
from pipelines.page.events.visit import VisitEvents
from pipelines.page.run_thread import RunThread
from pipelines.page.runs import RunResult, require_consent, start_page_run
from pipelines.page.sessions import Sessions, session_of, visitor_of
from pipelines.page.visit.kept_runs import KeptPicture, KeptRun
from pipelines.page.visit.section import ResultsSection
from pipelines.progress import Progress
from pipelines.runtime.incident import incident
from pipelines.settings import AUTO, SETTINGS

SIZE_NAMES = {
    size: texts.SIZE.format(name=texts.SIZES.get(size, size), width=width, height=height)
    for size, (width, height) in EXPORTS.items()
    if size not in AT_MOST
}


class RunEvents:
    """Events of a run. `sessions` keeps photos, `visit` finished runs; nothing of a person is kept here."""

    def __init__(self, controls: Controls, sessions: Sessions, visit: VisitEvents, section: ResultsSection):
        self.controls, self.studio = controls, controls.studio
        self.sessions, self.visit, self.section = sessions, visit, section

    def generate(
        self, request: gr.Request, consent: bool, more_looks: list[str] | None, **values: Any
    ) -> Iterator[Updates]:
        """Make the pictures; give status line, pictures and buttons several times a second.

        `values` are those of the controls of a request, by its own names, and of the radios for faces.
        """
        session = session_of(request)
        photos, ended = self.sessions.photos(session), self.sessions.ended(session)
        begun = False
        try:
            if not photos:
                raise UserError(texts.NO_PHOTO)
            require_consent(consent, texts.TICK_THE_BOX)
            wanted = request_values(values, len(photos))
            looks = list(dict.fromkeys([wanted.pop("look"), *(more_looks or ())]))
            skip = self.visit.kept.skip(session)
            with start_page_run(self.studio, self.sessions, session, photos, looks, skip, **wanted) as run:
                begun = True
                yield from self._watch(session, run, len(looks) * wanted["count"])
                made = run.result()
            self.visit.add_run(session, _kept(made, photos, wanted["faces"]), ended)
            status = self._said(made, cancelled=run.cancelled)
            yield {self.section.status: status, **self.visit.shown(session), **self._buttons_now(session)}
        except UserError as error:
            yield self._failed(session, self._reason(session, error), begun)
        except Exception as error:  # noqa: BLE001 - the person sees a sentence, the log sees where it was
            yield self._failed(session, incident(error), begun)

    def _watch(self, session: str, run: RunThread[RunResult], count: int) -> Iterator[Updates]:
        seen: dict[int, str] = {}
        pictures = markup.placeholders(count, seen, 0)
        yield {
            self.section.status: markup.progress_line(Progress(stage="photos", done=0, picture=0, count=count)),
            **self.visit.during_run(session, pictures),
            **self._buttons(running=True, several=count > 1),
        }
        for news in run.news():
            shown = {p.picture: markup.data_uri(p.preview, made=True) for p in news if p.preview is not None}
            seen |= shown
            updates: Updates = {self.section.status: markup.progress_line(news[-1]) if news else gr.skip()}
            if shown:
                updates[self.section.pictures] = markup.placeholders(count, seen, _live(news[-1]))
            yield updates

    def _said(self, made: RunResult, *, cancelled: bool) -> str:
        number = len(made.pictures)
        if made.trouble:
            return markup.alert(made.trouble)
        if cancelled:
            return markup.said(texts.CANCELLED_KEPT.format(pictures=number))
        return markup.said(texts.ONE_DONE if number == 1 else texts.SEVERAL_DONE.format(pictures=number))

    def _reason(self, session: str, error: UserError) -> str:
        kept = isinstance(error, Cancelled) and self.visit.kept.runs(session)
        return texts.CANCELLED_EARLIER_KEPT if kept else str(error)

    def _failed(self, session: str, sentence: str, begun: bool) -> Updates:
        """Show a sentence; the pictures that were there before come back."""
        updates = {self.section.status: markup.alert(sentence), **self._buttons_now(session)}
        return {**updates, **self.visit.shown(session)} if begun else updates

    def _buttons_now(self, session: str) -> Updates:
        """Buttons after a run: another one of the session may still go on."""
        return self._buttons(running=self.sessions.has_runs(session), several=True)

    def _buttons(self, *, running: bool, several: bool = False) -> Updates:
        return {
            self.section.generate: gr.Button(visible=not running),
            self.section.cancel: gr.Button(visible=running),
            self.section.skip: gr.Button(visible=running and several),
        }

    def cancel(self, request: gr.Request) -> None:
        """Stop the session's run: it ends within a step, and `generate` says so.

        Not by Gradio's `cancels`, which closes the generator: where that is just computing a value, the page shows an
        error and keeps its Cancel button.
        """
        self.sessions.cancel(session_of(request))

    def skip(self, request: gr.Request) -> None:
        """End the picture that is being drawn; the run goes on with the next."""
        self.visit.kept.skip(session_of(request)).set()

    def use_recipe(self, controls: Mapping[str, Any], count: Any, earlier: Any) -> Callable[..., Updates]:
        """Make an event that puts the settings of an earlier picture into `controls`, by their names in a recipe."""

        def use(request: gr.Request, file: str | None) -> Updates:
            with sentences_only():
                if file is None:
                    return {earlier: gr.skip()}
                recipe = self.studio.recipe(self.sessions.uploads.read(file, visitor_of(request)))
                values = recipe_values(recipe, list(controls))
                moved = [SETTINGS[name].label for name in SLIDERS if getattr(recipe, name) not in (None, values[name])]
                said = texts.SETTINGS_MOVED.format(settings=joined(", ", moved)) if moved else texts.SETTINGS_IN_PLACE
                gr.Info(spoken(said))
                return {**{controls[name]: value for name, value in values.items()}, count: 1, earlier: None}

        return use

    def forget(self, request: gr.Request) -> None:
        """End the session: the page was closed."""
        self.sessions.forget(session_of(request))


def recipe_values(recipe: Any, names: list[str]) -> dict[str, Any]:
    """Values of controls, by their names in a recipe; fields that are the look's own are left to the look.

    Numbers are brought into the range that the page offers for the recipe's engine. Raises UserError where there is no
    such engine.
    """
    spec, own = engine_row(recipe.engine), own_fields(recipe)
    numbers = {name: _offered(spec, name, getattr(recipe, name)) for name in SLIDERS}
    chosen = {name: getattr(recipe, name) for name in FIELDS}
    fields = {name: AS_THE_LOOK if name in own or choice is None else choice for name, choice in chosen.items()}
    special = {"seed": str(recipe.seed), **numbers, **fields}
    return {name: special[name] if name in special else getattr(recipe, name) for name in names}


def _offered(spec: EngineSpec, name: str, value: float | None) -> float:
    """A setting's number as the page offers it for an engine; None is the engine's own."""
    low, high = spec.offered(name)
    number: float = getattr(spec.defaults, name) if value is None else value
    return min(max(number, low), high)


def own_fields(recipe: Any) -> set[str]:
    """Names of a recipe's fields that come out the same when they are left to the look."""
    fields = {name: getattr(recipe, name) for name in FIELDS}
    try:
        look = load_look(recipe.look)
        # The built-in engine's run has one cut, which the seed chooses where it is open.
        settled = with_cut_of if engine_row(recipe.engine).family == BUILTIN else _of_any_seed
        own = {name for name in FIELDS if fields[name] in own_choices(look, name)}
        left = {name: None if name in own else choice for name, choice in fields.items()}
        wanted = settled(with_fields(look, **fields), recipe.seed).fields
        if settled(with_fields(look, **left), recipe.seed).fields == wanted:
            return own
        # What is open in the look is no choice that the page offers.
        return {name for name in FIELDS if fields[name] == look.fields[name] == ANY}
    except UserError:
        return set()  # of a look or an engine that is no longer here


def _of_any_seed(look: Look, _seed: int) -> Look:
    return with_chosen_cut(look)


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


def _kept(made: RunResult, photos: list[bytes], faces: list[int | None]) -> KeptRun:
    pictures = [KeptPicture.of(p, made.others.get(p.path), made.drawings.get(p.path)) for p in made.pictures]
    return KeptRun(pictures=tuple(pictures), photos=tuple(map(hash, photos)), faces=faces, film=made.film)


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
