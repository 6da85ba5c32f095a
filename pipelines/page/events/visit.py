"""Events of a visit: finished runs stay in reach, and everybody sees for how long."""

import shutil
import threading
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.errors import UserError
from pipelines.page import markup, texts
from pipelines.page.controls import Controls
from pipelines.page.error_messages import sentences_only
from pipelines.page.events.event_data import named
from pipelines.page.layout import PhotosSection
from pipelines.page.sessions import Sessions, session_of
from pipelines.page.visit import cards
from pipelines.page.visit.archive import write_archive
from pipelines.page.visit.kept_runs import KeptRun, KeptRuns
from pipelines.page.visit.section import ResultsSection

Updates = dict[Any, Any]
ARCHIVE = "headshots.zip"


class VisitEvents:
    """Events of finished runs. `sessions` and `kept` keep what is a person's; nothing of it is kept here."""

    def __init__(
        self,
        controls: Controls,
        sessions: Sessions,
        photos: PhotosSection,
        results: ResultsSection,
        size_names: dict[str, str],
    ):
        self.kept, self.sessions = KeptRuns(), sessions
        self.photos, self.results, self.size_names = photos, results, size_names
        self.titles = {look.id: look.title for look in controls.all_looks.values()}
        self._archives: dict[str, Path] = {}  # folder of a session's last archive
        sessions.on_forget.append(self.kept.forget)
        sessions.on_forget.append(self._forget_archive)

    def add_run(self, session: str, run: KeptRun, ended: threading.Event) -> None:
        """Keep a run, and show it. Once its session has `ended`, nothing of it stays: UserError."""
        self.kept.add(session, run)
        if ended.is_set():
            self.kept.forget(session)
            raise UserError(texts.FORGOTTEN)

    def shown(self, session: str) -> Updates:
        """Show the run that was chosen, or made last, the others below it, and how long they are kept."""
        run = self.kept.shown(session)
        others = [other for other in self.kept.runs(session) if other is not run]
        pictures = markup.muted(texts.NOTHING_YET) if run is None else cards.results(run, self.size_names, self.titles)
        panel = {**self._panel(pictures), self.results.earlier: self._strip(others)}
        return {**panel, **self._nothing_explained(), **self.keeping(session)}

    def _nothing_explained(self) -> Updates:
        """Close the section that explains a run: it was another's."""
        explain = self.results.explain
        return {
            explain.whole: gr.Accordion(open=False),
            explain.run: "",
            explain.trial: gr.Column(visible=False),
            explain.grid: "",
        }

    def during_run(self, session: str, pictures: str) -> Updates:
        """Show a run that goes on, and every finished one below it."""
        return {**self._panel(pictures), self.results.earlier: self._strip(self.kept.runs(session))}

    def _panel(self, pictures: str) -> Updates:
        return {self.results.pictures: gr.HTML(pictures, elem_classes=[])}

    def _strip(self, runs: list[Any]) -> Any:
        return gr.HTML(cards.earlier_runs(runs, self.titles), elem_classes=[])

    def open_run(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Show an earlier run in place of the one that is shown, which goes to the strip."""
        session = session_of(request)
        self.kept.show(session, named(event, "run"))
        return self.shown(session)

    def keeping(self, session: str) -> Updates:
        """Say how long photos and pictures are kept, beside the button that asks for more time."""
        left = self.sessions.seconds_left(session)
        if left is None:
            return {self.results.keeping: gr.Row(visible=False), self.results.clock: gr.Timer(active=False)}
        return {
            self.results.keeping: gr.Row(visible=True),
            self.results.left: cards.kept_for(left),
            self.results.keep: gr.Button(visible=self.sessions.can_keep(session)),
            self.results.pack: gr.Button(visible=bool(self.kept.runs(session))),
            self.results.clock: gr.Timer(active=True),
        }

    def begin_clock(self, request: gr.Request) -> Updates:
        """Say how long photos are kept as soon as there are some."""
        return self.keeping(session_of(request))

    def tick(self, request: gr.Request) -> Updates:
        """Count down; once everything is forgotten, say so on every picture, photo and at the top."""
        session = session_of(request)
        if self.sessions.seconds_left(session) is not None:
            return self.keeping(session)
        gone = gr.HTML(elem_classes=["forgotten"])
        return {
            **self.keeping(session),
            **self.photos.without_photos(),
            **self.results.change.closed(),
            **self._nothing_explained(),
            self.results.pictures: gone,
            self.results.earlier: gone,
            self.results.status: markup.alert(texts.FORGOTTEN),
        }

    def pack(self, request: gr.Request) -> Updates:
        """Put every picture of the visit into a zip file, which the page then downloads."""
        session = session_of(request)
        with sentences_only():
            runs = self.kept.runs(session)
            if not runs:
                raise UserError(texts.FORGOTTEN)
            if (before := self._archives.pop(session, None)) is not None:
                shutil.rmtree(before, ignore_errors=True)
            self._archives[session] = folder = self.sessions.new_folder(session)
            file = write_archive(runs, folder / ARCHIVE)
            return {self.results.archive: gr.DownloadButton(value=str(file))}

    def _forget_archive(self, session: str) -> None:
        self._archives.pop(session, None)

    def keep(self, request: gr.Request) -> Updates:
        """Begin the time anew."""
        session = session_of(request)
        self.sessions.keep(session)
        return self.tick(request)
