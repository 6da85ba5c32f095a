"""Every look of one drawing: a look that shows no face is left out, and the others stay."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from pipelines.errors import PictureLost
from pipelines.page.events import change
from pipelines.page.events.change import ChangeEvents
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions
from tests.support.visits import asked_by


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder)


def sheet(sessions: Sessions, lost: set[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Looks of the sheet that is kept, where finishing shows no face in the `lost` ones."""
    kept: list[Any] = []

    def finished(_work: Any, _kept: Any, look: str, _fields: Any) -> Any:
        if look in lost:
            raise PictureLost("The picture shows no face.", "they showed no face")
        return SimpleNamespace(image=np.zeros((4, 4, 3), np.uint8), look=look)

    made = SimpleNamespace(of=lambda picture, other, drawing: picture.look)
    monkeypatch.setattr(change, "KeptPicture", made)
    monkeypatch.setattr(change, "save_other", lambda picture: None)
    visit = SimpleNamespace(
        add_run=lambda session, run, ended: kept.extend(run.pictures),
        shown=lambda session: {},
        results=SimpleNamespace(status="status"),
    )
    events: Any = SimpleNamespace(
        sessions=sessions,
        controls=SimpleNamespace(all_looks=["cv", "actor", "legal"]),
        visit=visit,
        close=dict,
        _found=lambda session, name: (SimpleNamespace(photos=(), faces=()), SimpleNamespace(drawing=None)),
        _finished=finished,
    )
    list(ChangeEvents.every_look(events, asked_by("ann"), "a picture"))
    return kept


def test_a_look_without_a_face_costs_no_other(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheet(sessions, set(), monkeypatch) == ["cv", "actor", "legal"]
    assert sheet(sessions, {"actor"}, monkeypatch) == ["cv", "legal"]
    with pytest.raises(gr.Error, match="no face"):
        sheet(sessions, {"cv", "actor", "legal"}, monkeypatch)
