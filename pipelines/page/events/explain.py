"""Events of the section that explains how it works on the run that is shown."""

import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr

from pipelines.engine_spec import EngineSpec
from pipelines.errors import Cancelled, UserError
from pipelines.page import markup
from pipelines.page.controls import Controls
from pipelines.page.error_messages import sentences_only
from pipelines.page.events.visit import Updates, VisitEvents
from pipelines.page.explain import texts
from pipelines.page.explain.grid import Tried, rows, start_grid, wanted
from pipelines.page.explain.markup import explained, grid
from pipelines.page.explain.scale import Strangers, places
from pipelines.page.explain.section import ExplainSection
from pipelines.page.layout import EXAMPLES
from pipelines.page.sessions import Sessions, session_of
from pipelines.page.texts import EXAMPLE
from pipelines.page.visit.kept_runs import KeptRun
from pipelines.run_plan import engine_spec
from pipelines.runtime.incident import incident


class ExplainEvents:
    """Events of the section. `visit` keeps the runs; nothing of a person is kept here."""

    def __init__(self, controls: Controls, sessions: Sessions, visit: VisitEvents, section: ExplainSection):
        self.studio, self.sessions, self.visit, self.section = controls.studio, sessions, visit, section
        self._strangers = Strangers(EXAMPLES)
        self._drawing: dict[str, threading.Event] = {}  # sessions whose grid is being drawn

    def explain(self, request: gr.Request) -> Updates:
        """Show film, scale and grid of the run that is shown."""
        with sentences_only():
            session = session_of(request)
            run = self.visit.kept.shown(session)
            if run is None or run.sheet:
                return {self.section.run: markup.muted(texts.NOTHING_MADE_YET)}
            spec = self._spec(run)
            tried = rows(spec, run.pictures[0].picture.recipe)
            count = len(wanted(spec, run.pictures[0].picture.recipe))
            can_draw = not run.tried and session not in self._drawing
            return {
                self.section.run: self._explained(session, run, spec),
                self.section.trial: gr.Column(visible=True),
                self.section.draw: gr.Button(texts.DRAW_GRID.format(pictures=count), visible=can_draw),
                self.section.grid: grid(tried, run.tried) if run.tried else "",
            }

    def _shows(self, session: str, run: KeptRun) -> bool:
        shown = self.visit.kept.shown(session)
        return shown is not None and shown.name == run.name

    def _spec(self, run: KeptRun) -> EngineSpec:
        drawing = run.pictures[0].drawing
        return drawing.plan.spec if drawing else engine_spec(run.pictures[0].picture.recipe.engine, self.studio.spec)

    def _explained(self, session: str, run: KeptRun, spec: EngineSpec) -> str:
        stranger = None
        several = run.pictures[0].picture.likeness.from_photos
        if (drawing := run.pictures[0].drawing) is not None:
            judge, photos = self.studio.judge(spec), self.sessions.photos(session)
            if found := self._strangers.compare(drawing.identity.embedding, judge, photos):
                stranger = (EXAMPLE.format(number=found[0]), found[1])
        likenesses = [kept.picture.likeness for kept in run.pictures]
        return explained(run.film, places(likenesses, spec.judge, several, stranger), one_photo=not several)

    def draw(self, request: gr.Request) -> Iterator[Updates]:
        """Draw the best picture of the run that is shown again, with one setting changed at a time."""
        session = session_of(request)
        made: list[Tried] = []
        try:
            run = self.visit.kept.shown(session)
            if run is None:
                raise UserError(texts.FORGOTTEN_RUN)
            recipe, spec = run.pictures[0].picture.recipe, self._spec(run)
            photos = run.photos_among(self.sessions.photos(session))
            if not photos or len(photos) != len(run.photos):
                raise UserError(texts.FORGOTTEN_RUN)
            tried, settings = rows(spec, recipe), wanted(spec, recipe)
            contents, faces = zip(*photos, strict=True)
            with start_grid(self.studio, self.sessions, session, contents, faces, recipe, settings, made) as thread:
                self._drawing[session] = thread.cancel
                yield {**self._buttons(running=True), self.section.grid: grid(tried, made)}
                shown = 0
                for news in thread.news():
                    said = markup.progress_line(news[-1]) if news else gr.skip()
                    new = len(made) > shown and self._shows(session, run)
                    fresh = {self.section.grid: grid(tried, made)} if new else {}
                    shown = len(made)
                    yield {self.section.status: said, **fresh}
                thread.result()
            self.visit.kept.set_tried(session, run.name, made)
            if self._shows(session, run):
                shown_now = {**self._buttons(running=False, done=True), self.section.grid: grid(tried, made)}
            else:  # another run's section is open
                shown_now = self._buttons(running=False)
            yield {**shown_now, self.section.status: ""}
        except Cancelled as error:
            yield {**self._buttons(running=False), self.section.status: markup.said(str(error))}
        except UserError as error:
            yield {**self._buttons(running=False), self.section.status: markup.alert(str(error))}
        except Exception as error:  # noqa: BLE001 - the person sees a sentence, the log sees where it was
            yield {**self._buttons(running=False), self.section.status: markup.alert(incident(error))}
        finally:
            self._drawing.pop(session, None)

    def cancel(self, request: gr.Request) -> None:
        """Stop drawing the grid."""
        if cancel := self._drawing.get(session_of(request)):
            cancel.set()

    def _buttons(self, *, running: bool, done: bool = False) -> dict[Any, Any]:
        return {
            self.section.draw: gr.Button(visible=not running and not done),
            self.section.cancel: gr.Button(visible=running),
        }
