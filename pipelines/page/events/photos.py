"""Events of the photos: take them in, show what is in them, forget them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.errors import PhotoError, UserError
from pipelines.faces.photo_report import PhotoReport
from pipelines.images.decode import open_photo
from pipelines.page import markup, texts
from pipelines.page.controls import FACES
from pipelines.page.doors.visitors import Visitor
from pipelines.page.error_messages import sentences_only
from pipelines.page.layout import EXAMPLES, PhotosSection
from pipelines.page.runs import face_numbers
from pipelines.page.sessions import Sessions, session_of, visitor_of
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
        """Take uploads into memory, which deletes the files, and show what is in them. An example makes room."""
        session = session_of(request)
        with sentences_only():
            good, left_out = self._read(files or (), visitor_of(request))
            chosen = self._chosen(faces)
            if good:
                chosen = self._without_examples(session, chosen)
            try:
                if too_many := self.sessions.take(session, good):
                    left_out.append(texts.NOT_ALL_TAKEN.format(most=MAX_PHOTOS, number=too_many))
            except UserError as error:
                left_out.append(str(error))
            photos = len(self.sessions.photos(session))
            rows = {row: gr.Row(visible=k < photos) for k, row in enumerate(self.section.rows)}
            said = {self.section.box: None, self.section.notice: markup.alerts(left_out)}
            yield {**said, **rows}
            yield {**said, **self._reports(session, consent, chosen)}

    def _read(self, files: Sequence[str], visitor: Visitor) -> tuple[list[bytes], list[str]]:
        """Contents of the files that can be opened, and a sentence on each of the others."""
        good, left_out = [], []
        for file in files:
            try:
                content = self.sessions.uploads.read(file, visitor)
                open_photo(content)
            except PhotoError as error:
                left_out.append(texts.LEFT_OUT.format(file=Path(file).name, reason=error))
            else:
                good.append(content)
        return good, left_out

    def _without_examples(self, session: str, chosen: Sequence[str | None]) -> list[str | None]:
        """Forget the examples among the photos; return the faces chosen in the others."""
        photos, kept = self.sessions.photos(session), list(chosen)
        for k in reversed([k for k, photo in enumerate(photos) if photo in _examples()]):
            self.sessions.remove(session, k)
            del kept[k]
        return kept

    def take_example(self, example: Path) -> Callable[..., Updates]:
        """Make an event that takes this example selfie; in place of the person's own photos only if they say so."""

        def take(request: gr.Request, consent: bool) -> Updates:
            with sentences_only():
                session = session_of(request)
                if any(photo not in _examples() for photo in self.sessions.photos(session)):
                    return {self.section.asked: str(example), self.section.question: gr.Row(visible=True)}
                return self._only_example(session, example, consent)

        return take

    def replace_photos(self, request: gr.Request, consent: bool, example: str | None) -> Updates:
        """Take the example that was asked for in place of the person's own photos."""
        with sentences_only():
            found = next((file for file in EXAMPLES if str(file) == example), None)
            return self.keep_photos() if found is None else self._only_example(session_of(request), found, consent)

    def keep_photos(self) -> Updates:
        """Take the question away: the person's own photos stay."""
        return {self.section.asked: None, self.section.question: gr.Row(visible=False)}

    def _only_example(self, session: str, example: Path, consent: bool) -> Updates:
        for _ in self.sessions.photos(session):
            self.sessions.remove(session, 0)
        self.sessions.add(session, [example.read_bytes()])
        reports = self._reports(session, consent, [None])
        return {**reports, self.section.notice: "", **self.keep_photos()}

    def remove_photo(self, k: int) -> Callable[..., Updates]:
        """Make an event that forgets photo k, counted from 0."""

        def remove(request: gr.Request, consent: bool, order: str | None, **faces: str | None) -> Updates:
            # As the page showed them when the button was clicked: another may be gone by now.
            shown = (order or "").split()
            with sentences_only():
                session = session_of(request)
                chosen = dict(zip(shown, self._chosen(faces), strict=False))
                marks = [_mark(photo) for photo in self.sessions.photos(session)]
                if k < len(shown) and shown[k] in marks:
                    self.sessions.remove(session, marks.index(shown[k]))
                    marks.remove(shown[k])
                return {self.section.notice: "", **self._reports(session, consent, [chosen.get(m) for m in marks])}

        return remove

    def check_again(self, request: gr.Request, consent: bool, **faces: str | None) -> Updates:
        """Check the photos again, after the tick or after another face was chosen."""
        with sentences_only():
            return self._reports(session_of(request), consent, self._chosen(faces))

    def _chosen(self, faces: Mapping[str, str | None]) -> list[str | None]:
        return [faces[name] for name in FACES]

    def _reports(self, session: str, consent: bool, chosen: Sequence[str | None]) -> Updates:
        """Show or hide each row, with its photo's card and the choice between its faces."""
        looked_at: list[bytes] | None = None
        while looked_at != (photos := self.sessions.photos(session)):  # others may come while these are looked at
            looked_at = photos
            numbers = face_choices(chosen, len(photos))
            checked = consent and bool(photos)
            reports = self.studio.check_photos(photos, numbers) if checked else [_unchecked(p) for p in photos]
        updates: Updates = {self.section.order: " ".join(map(_mark, photos))}
        for k, (row, card, face) in enumerate(
            zip(self.section.rows, self.section.cards, self.section.faces.values(), strict=True)
        ):
            if k >= len(reports):
                return updates | self.section.without_photos(k)
            report = reports[k]
            several = [str(number) for number in range(1, report.faces + 1)] if report.faces > 1 else []
            value = str(numbers[k]) if str(numbers[k]) in several else None
            updates[row] = gr.Row(visible=True)
            updates[card] = markup.photo_card(k + 1, report, len(reports), consent)
            updates[face] = gr.Radio(choices=several, value=value, visible=bool(several))
        return updates


def _mark(photo: bytes) -> str:
    """Mark that tells a photo from others, on this server only."""
    return f"{hash(photo) & (1 << 64) - 1:x}"


@cache
def _examples() -> frozenset[bytes]:
    return frozenset(file.read_bytes() for file in EXAMPLES)


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
