"""Events of the photos: take them in, show what is in them, forget them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.errors import PhotoError, UserError
from pipelines.faces.photo_report import PhotoReport
from pipelines.images.decode import open_photo
from pipelines.page import markup
from pipelines.page.controls import FACES
from pipelines.page.error_messages import sentences_only
from pipelines.page.layout import PhotosSection
from pipelines.page.runs import face_numbers
from pipelines.page.sessions import Sessions, session_of
from pipelines.settings import MAX_PHOTOS
from pipelines.studio import Studio

Updates = dict[Any, Any]
"""New value or properties of each component that an event changes."""


class PhotoEvents:
    """Events of the photos' section. `sessions` keeps the photos; nothing of a person is kept here."""

    def __init__(self, studio: Studio, sessions: Sessions, section: PhotosSection):
        self.studio, self.sessions, self.section = studio, sessions, section

    def add_photos(
        self, request: gr.Request, files: Sequence[str] | None, consent: bool, **faces: str | None
    ) -> Iterator[Updates]:
        """Take uploads into memory, which deletes the files, and show what is in them."""
        session = session_of(request)
        with sentences_only():
            try:
                self.sessions.add(session, [self.sessions.uploads.read(file) for file in files or ()])
            except UserError as error:
                gr.Warning(escape(str(error)))
            photos = len(self.sessions.photos(session))
            rows = {row: gr.Row(visible=k < photos) for k, row in enumerate(self.section.rows)}
            yield {self.section.box: None, **rows}
            yield {self.section.box: None, **self._reports(session, consent, self._chosen(faces))}

    def take_example(self, example: Path) -> Callable[..., Updates]:
        """Make an event that takes this example selfie, in place of any photo there is."""

        def take(request: gr.Request, consent: bool) -> Updates:
            with sentences_only():
                session = session_of(request)
                for _ in self.sessions.photos(session):
                    self.sessions.remove(session, 0)
                self.sessions.add(session, [example.read_bytes()])
                return self._reports(session, consent, [None])

        return take

    def remove_photo(self, k: int) -> Callable[..., Updates]:
        """Make an event that forgets photo k, counted from 0."""

        def remove(request: gr.Request, consent: bool, **faces: str | None) -> Updates:
            with sentences_only():
                session = session_of(request)
                self.sessions.remove(session, k)
                chosen = self._chosen(faces)
                return self._reports(session, consent, [*chosen[:k], *chosen[k + 1 :]])

        return remove

    def check_again(self, request: gr.Request, consent: bool, **faces: str | None) -> Updates:
        """Check the photos again, after the tick or after another face was chosen."""
        with sentences_only():
            return self._reports(session_of(request), consent, self._chosen(faces))

    def _chosen(self, faces: Mapping[str, str | None]) -> list[str | None]:
        return [faces[name] for name in FACES]

    def _reports(self, session: str, consent: bool, chosen: Sequence[str | None]) -> Updates:
        """Show or hide each row, with its photo's card and the choice between its faces."""
        photos = self.sessions.photos(session)
        numbers = face_choices(chosen, len(photos))
        reports = self.studio.check_photos(photos, numbers) if consent and photos else [_unchecked(p) for p in photos]
        updates: Updates = {}
        for k, (row, card, face) in enumerate(
            zip(self.section.rows, self.section.cards, self.section.faces.values(), strict=True)
        ):
            if k >= len(reports):
                updates |= {row: gr.Row(visible=False), card: "", face: gr.Radio(visible=False, value=None)}
                continue
            report = reports[k]
            several = [str(number) for number in range(1, report.faces + 1)] if report.faces > 1 else []
            value = str(numbers[k]) if str(numbers[k]) in several else None
            updates[row] = gr.Row(visible=True)
            updates[card] = markup.photo_card(k + 1, report, len(reports), consent)
            updates[face] = gr.Radio(choices=several, value=value, visible=bool(several))
        return updates


def face_choices(chosen: Sequence[str | None], photos: int) -> list[int | None]:
    """The number of the face chosen in each photo; `chosen` holds the values of the page's radios, in their order."""
    padded = [*chosen, *[None] * MAX_PHOTOS][:photos]
    numbers: list[int | None] = face_numbers([int(face or 0) for face in padded])
    return numbers


def _unchecked(photo: bytes) -> PhotoReport:
    try:
        return PhotoReport(image=open_photo(photo), faces=0, error=None)
    except PhotoError as error:
        return PhotoReport(image=None, faces=0, error=str(error))
