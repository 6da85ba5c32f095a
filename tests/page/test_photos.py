"""Rows of photos: what is removed is the photo that the page showed, though others went meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.page.controls import FACES
from pipelines.page.events.photos import PhotoEvents, _mark
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions, session_of
from tests.support.visits import asked_by


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder, opens=bool)


def test_two_quick_removals_remove_the_two_that_were_clicked(sessions: Sessions) -> None:
    photos = [b"first", b"second", b"third"]
    request = asked_by("ann")
    session = session_of(request)
    sessions.add(session, photos)
    told: list[Any] = []
    events = PhotoEvents(SimpleNamespace(), sessions, SimpleNamespace(notice="notice"))  # type: ignore[arg-type]
    events._reports = lambda session, consent, chosen: told.append(chosen) or {}  # type: ignore[method-assign, func-returns-value]
    shown = {"order": " ".join(map(_mark, photos)), "consent": True} | dict(zip(FACES, "123456", strict=True))
    for k in (0, 1, 1):  # the second's button twice
        events.remove_photo(k)(request, **shown)
    assert sessions.photos(session) == [b"third"]
    assert told == [["2", "3"], ["3"], ["3"]]
