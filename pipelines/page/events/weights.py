"""Events of an engine that is not here: fetch its weights, and stop that."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from pipelines.errors import Cancelled, UserError
from pipelines.page import markup
from pipelines.page.controls import Controls
from pipelines.page.error_messages import sentences_only
from pipelines.page.fetching import texts
from pipelines.page.fetching.local import is_here
from pipelines.page.layout import EngineSection
from pipelines.page.run_thread import RunThread
from pipelines.page.sessions import Sessions, session_of
from pipelines.progress import Progress
from pipelines.runtime.incident import incident
from pipelines.weights.dry_run import missing_size
from pipelines.weights.fetch import fetch_missing

Updates = dict[Any, Any]


class WeightEvents:
    """Events of the section. Only visitors on the server's own computer may fetch, if it serves nobody else."""

    def __init__(self, controls: Controls, sessions: Sessions, section: EngineSection):
        self.controls, self.sessions = controls, sessions
        self.engines, self.section = section, section.fetching
        self._fetching: dict[str, threading.Event] = {}  # by session

    def offer(self, request: gr.Request, engine: str) -> Updates:
        """Offer to fetch an engine that is not here, to whoever may."""
        with sentences_only():
            if session_of(request) in self._fetching:
                return {self.section.whole: gr.skip()}
            return {**self._offer(request, engine), self.section.status: ""}

    def _offer(self, request: gr.Request, engine: str) -> Updates:
        spec = self.controls.engine(engine)[0]
        size = missing_size(spec) if self._may(request) else ""
        return {
            self.section.whole: gr.Column(visible=bool(size)),
            self.section.terms: markup.muted(texts.FETCH_TERMS),
            self.section.fetch: gr.Button(texts.FETCH_NOW.format(size=size), visible=True),
            self.section.cancel: gr.Button(visible=False),
        }

    def _may(self, request: gr.Request) -> bool:
        return self.sessions.alone and is_here(request)

    def fetch(self, request: gr.Request, engine: str) -> Iterator[Updates]:
        """Fetch an engine's weights; say how far that is, several times a second, and what became of it."""
        session = session_of(request)
        try:
            if not self._may(request):
                raise UserError(texts.NOT_FROM_HERE)
            spec = self.controls.engine(engine)[0]

            def work(tell: Callable[[Progress], None], cancel: threading.Event) -> None:
                fetch_missing(spec, cancel, lambda share: tell(_progress(share)))

            with RunThread(work, self.sessions.closing) as thread:
                self._fetching[session] = thread.cancel
                self.sessions.begin(session, thread.cancel, run=False)
                try:
                    yield {**self._buttons(fetching=True), self.section.status: markup.progress_line(_progress(0.0))}
                    for news in thread.news():
                        yield {self.section.status: markup.progress_line(news[-1]) if news else gr.skip()}
                    thread.result()
                finally:
                    self.sessions.end(session, thread.cancel)
                    self._fetching.pop(session, None)
            yield {self.section.status: markup.said(texts.FETCHED.format(engine=spec.title))}
        except Cancelled:
            yield {**self._buttons(fetching=False), self.section.status: markup.said(texts.STOPPED)}
        except UserError as error:
            yield {**self._buttons(fetching=False), self.section.status: markup.alert(str(error))}
        except Exception as error:  # noqa: BLE001 - the person sees a sentence, the log sees where it was
            yield {**self._buttons(fetching=False), self.section.status: markup.alert(incident(error))}

    def cancel(self, request: gr.Request) -> None:
        """Stop this session's fetching within a moment."""
        if cancel := self._fetching.get(session_of(request)):
            cancel.set()

    def _buttons(self, *, fetching: bool) -> Updates:
        return {
            self.section.fetch: gr.Button(visible=not fetching),
            self.section.cancel: gr.Button(visible=fetching),
        }

    def after(self, request: gr.Request, engine: str) -> Updates:
        """Say anew what is here of the engines; another one than was fetched may be chosen by now."""
        with sentences_only():
            return {
                **self._offer(request, engine),
                self.engines.engine: gr.Radio(choices=self.controls.engines()),
                self.engines.licence: self.controls.licence(engine),
            }


def _progress(share: float) -> Progress:
    return Progress(stage="loading", done=share, picture=0, count=1, fetched=share)
