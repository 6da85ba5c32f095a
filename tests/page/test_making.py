"""Pictures made outside a run: whoever leaves meanwhile leaves nothing behind, whatever is written late."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.errors import UserError
from pipelines.page import texts
from pipelines.page.events.visit import VisitEvents
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions
from pipelines.page.visit.kept_runs import KeptRun, KeptRuns
from pipelines.page.visit.making import making


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder)


def write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "picture.jpg"
    file.write_bytes(b"a face")
    return file


def test_what_is_made_for_a_visit_stays_as_long_as_the_visit(sessions: Sessions) -> None:
    with making(sessions, "ann") as work:
        file = write(work.new_folder())
    assert file.exists()
    sessions.forget("ann")
    assert not file.exists()


def test_a_file_that_is_written_after_the_visit_has_ended_is_deleted(sessions: Sessions) -> None:
    with making(sessions, "ann") as work:
        folder = work.new_folder()
        sessions.forget("ann")
        file = write(folder)
    assert not file.exists() and not folder.exists()


def test_a_visit_that_ends_is_no_fault_of_the_program(sessions: Sessions) -> None:
    with pytest.raises(UserError, match=texts.FORGOTTEN), making(sessions, "ann") as work:
        file = write(work.new_folder())
        sessions.forget("ann")
        file.read_bytes()
    with pytest.raises(FileNotFoundError), making(sessions, "ann") as work:
        (work.new_folder() / "there is none").read_bytes()


def test_another_visit_under_the_same_name_does_not_bring_the_old_one_back(sessions: Sessions) -> None:
    with pytest.raises(UserError, match=texts.FORGOTTEN), making(sessions, "ann") as work:
        sessions.forget("ann")
        sessions.photos("ann")
        work.new_folder()


def test_a_run_that_ends_after_its_visit_is_not_kept(sessions: Sessions) -> None:
    kept, run = KeptRuns(), KeptRun(pictures=(), photos=())
    events: Any = SimpleNamespace(kept=kept)
    ended = sessions.ended("ann")
    VisitEvents.add_run(events, "ann", run, ended)
    assert kept.runs("ann") == [run]
    sessions.on_forget.append(kept.forget)
    sessions.forget("ann")
    with pytest.raises(UserError, match=texts.FORGOTTEN):
        VisitEvents.add_run(events, "ann", run, ended)
    assert kept.runs("ann") == []
