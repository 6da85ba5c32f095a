"""Events of one finished picture: compare it with the selfie, finish its drawing again, take over its settings."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from pipelines.errors import PictureLost, UserError
from pipelines.finishing.finisher import Draws, eyes_of
from pipelines.looks.preset import Look, with_fields
from pipelines.looks.shoot import SEED_FIELDS, pose
from pipelines.page import markup, texts
from pipelines.page.controls import Controls
from pipelines.page.error_messages import sentences_only
from pipelines.page.events.event_data import named
from pipelines.page.events.run import recipe_values
from pipelines.page.events.visit import Updates, VisitEvents
from pipelines.page.runs import save_other, save_sizes
from pipelines.page.sessions import Sessions, session_of
from pipelines.page.visit.change_section import ChangeSection
from pipelines.page.visit.kept_runs import KeptPicture, KeptRun
from pipelines.page.visit.making import Making, making
from pipelines.page.visit.selfie import selfie_file, selfie_for
from pipelines.picture import Picture
from pipelines.request import Request

HELD = 1000
"""Pixels of the longer side of a selfie that is shown in a picture's place."""


class ChangeEvents:
    """Events of the section for one picture. `visit` keeps the pictures; nothing of a person is kept here."""

    def __init__(
        self, controls: Controls, sessions: Sessions, visit: VisitEvents, section: ChangeSection, sizes: tuple[str, ...]
    ):
        self.controls, self.studio, self.sessions = controls, controls.studio, sessions
        self.visit, self.section, self.sizes = visit, section, sizes

    def compare(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Show a picture beside the selfie, and what can be changed in it."""
        with sentences_only(), making(self.sessions, session_of(request)) as work:
            return self._shown(work, *self._found(work.session, named(event, "picture")))

    def prepare(self, request: gr.Request, chosen: str | None) -> None:
        """Make what finishing the chosen picture again takes over, while the person still chooses."""
        with sentences_only():
            found = self.visit.kept.find(session_of(request), chosen)
            if found is not None and found[1].drawing is not None:
                self.studio.prepare_again(found[1].drawing)

    def hold(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Lay the selfie where a picture is, for as long as the person holds that."""
        with sentences_only():
            session, name = session_of(request), named(event, "picture")
            found = self.visit.kept.find(session, name)
            if found is None:
                raise UserError(texts.FORGOTTEN)
            selfie = self._selfie(session, found[0], _pixels(found[1]))
            uri = None if selfie is None else markup.data_uri(selfie, HELD)
            return {self.visit.results.held: markup.held(name, uri)}

    def close(self) -> Updates:
        """Hide the section."""
        return self.section.closed()

    def finish_again(self, field: str) -> Callable[..., Iterator[Updates]]:
        """Make an event that gives the chosen picture another choice of this field, and keeps both."""

        def finish(request: gr.Request, choice: str, chosen: str | None) -> Iterator[Updates]:
            began = time.monotonic()
            with sentences_only(), making(self.sessions, session_of(request)) as work:
                session = work.session
                run, kept = self._found(session, chosen)
                picture = self._finished(work, kept, kept.picture.recipe.look, {field: choice})
                made = KeptPicture.of(picture, None, kept.drawing)
                self.visit.kept.add_beside(session, kept.name, made)
                status = texts.FINISHED_AGAIN.format(seconds=time.monotonic() - began)
                shown = {**self.visit.shown(session), **self._about(made)}
                yield {**shown, self.visit.results.status: markup.said(status)}
                # Once it is seen, its other files, and the selfie beside it.
                picture = save_sizes(picture, self.sizes, eyes_of(*self._drawn_for(kept, picture)))
                made = self.visit.kept.set_files(session, made, picture, save_other(picture))
                yield {**self.visit.shown(session), **self._shown(work, run, made)}

        return finish

    def every_look(self, request: gr.Request, chosen: str | None) -> Iterator[Updates]:
        """Finish the chosen drawing in every look, as a run of its own; give the count of those that are done."""
        with sentences_only(), making(self.sessions, session_of(request)) as work:
            session = work.session
            run, kept = self._found(session, chosen)
            made: list[KeptPicture] = []
            said, lost = markup.said(texts.SHEET_DONE), None
            for look in self.controls.all_looks:
                try:
                    picture = self._finished(work, kept, look, {})
                except PictureLost as error:
                    lost = error.with_traceback(None)  # its frames hold the picture
                    continue
                except UserError as error:  # the disk is full: what there is stays
                    if not made:
                        raise
                    said = markup.alert(str(error))
                    break
                other = None
                with suppress(UserError):
                    other = save_other(picture)
                made.append(KeptPicture.of(picture, other, kept.drawing))
                done = texts.LOOKS_DONE.format(done=len(made), looks=len(self.controls.all_looks))
                yield {self.visit.results.status: markup.said(done)}
            if lost is not None and not made:
                raise lost
            sheet = KeptRun(pictures=tuple(made), photos=run.photos, faces=run.faces, sheet=True)
            self.visit.add_run(session, sheet, work.ended)
            yield {
                **self.visit.shown(session),
                **self.close(),
                self.visit.results.status: said,
            }

    def more_like_this(self, controls: Mapping[str, Any], more_looks: Any) -> Callable[..., Updates]:
        """Make an event that puts a picture's settings and pose into the controls, with a seed drawn by chance."""

        def take(request: gr.Request, event: gr.EventData) -> Updates:
            with sentences_only():
                found = self.visit.kept.find(session_of(request), named(event, "picture"))
                if found is None:
                    raise UserError(texts.FORGOTTEN)
                _, kept = found
                recipe = kept.picture.recipe
                values = recipe_values(recipe, list(controls))
                if kept.drawing is not None:
                    chosen = pose(kept.drawing.plan.look, recipe.seed)
                    values |= {name: getattr(chosen, name) for name in SEED_FIELDS}
                return {more_looks: [], **{controls[name]: value for name, value in (values | {"seed": ""}).items()}}

        return take

    def _found(self, session: str, name: str | None) -> tuple[KeptRun, KeptPicture]:
        found = self.visit.kept.find(session, name)
        if found is None or found[1].drawing is None:
            raise UserError(texts.FORGOTTEN)
        return found

    def _finished(self, work: Making, kept: KeptPicture, look: str, fields: Mapping[str, str]) -> Picture:
        assert kept.drawing is not None  # `_found` says so
        asked = Request(photos=[b""], look=look, format="jpeg", out=work.new_folder())
        before = kept.picture.recipe
        same = {name: getattr(before, name) for name in kept.drawing.fields} if look == before.look else {}
        return self.studio.finish_again(kept.drawing, asked, **{**same, **fields})

    def _drawn_for(self, kept: KeptPicture, picture: Picture) -> tuple[Draws, Look]:
        """Kind of drawing that a picture was finished of, and its look, for the height of its eyes."""
        assert kept.drawing is not None  # `_found` says so
        finished = {name: getattr(picture.recipe, name) for name in kept.drawing.fields}
        look = with_fields(self.controls.all_looks[picture.recipe.look], **finished)
        return kept.drawing.plan.spec.draws, look

    def _selfie(self, session: str, run: KeptRun, picture: np.ndarray) -> np.ndarray | None:
        """The first of the run's photos that can be laid where this picture is, uint8 RGB of its size."""
        photos = run.photos_among(self.sessions.photos(session))
        return selfie_for(picture, photos, self.studio.likeness_analyser)

    def _shown(self, work: Making, run: KeptRun, kept: KeptPicture) -> Updates:
        picture = kept.picture.path
        work.delete_with_visit(picture.parent)
        beside = selfie_file(picture, self._selfie(work.session, run, _pixels(kept)))
        return {
            self.section.whole: gr.Column(visible=True),
            self.section.slider: (str(beside or picture), str(picture)),
            **self._about(kept),
        }

    def _about(self, kept: KeptPicture) -> Updates:
        """Name the picture that is chosen, its fields, and whether it can be had in every look."""
        assert kept.drawing is not None  # `_found` says so
        recipe, can = kept.picture.recipe, kept.drawing.fields
        fields = {
            box: gr.Dropdown(value=getattr(recipe, name), visible=name in can)
            for name, box in self.section.fields.items()
        }
        return {
            self.section.chosen: kept.name,
            self.section.every_look: gr.Button(visible=kept.drawing.plan.spec.draws == "head"),
            **fields,
        }


def _pixels(kept: KeptPicture) -> np.ndarray:
    """A finished picture from its file: uint8 RGB."""
    with Image.open(kept.picture.path) as opened:
        return np.asarray(opened.convert("RGB"))
