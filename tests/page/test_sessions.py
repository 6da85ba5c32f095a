import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from pipelines.errors import PhotoError, UserError
from pipelines.page import sessions as module
from pipelines.page import uploads
from pipelines.page.doors.visitors import Visitor
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions, session_of
from tests.support.visits import asked_by


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder, opens=bool)


def picture(sessions: Sessions, session: str) -> Path:
    folder = sessions.new_folder(session)
    folder.mkdir()
    (folder / "headshot.png").write_bytes(b"a face")
    return folder


def test_photos_of_one_session_are_not_another_s(sessions: Sessions) -> None:
    sessions.add("ann", [b"1", b"2"])
    sessions.add("bob", [b"3"])
    sessions.remove("ann", 0)
    assert (sessions.photos("ann"), sessions.photos("bob"), sessions.photos("eve")) == ([b"2"], [b"3"], [])


def test_a_session_that_ends_is_forgotten_and_its_runs_stop(sessions: Sessions) -> None:
    cancel = threading.Event()
    sessions.add("ann", [b"1"])
    sessions.begin("ann", cancel)
    ann, bob = picture(sessions, "ann"), picture(sessions, "bob")
    sessions.forget("ann")
    assert cancel.is_set() and not ann.exists() and bob.exists()
    assert sessions.photos("ann") == []


def test_who_cancels_stops_their_own_runs_and_keeps_their_photos(sessions: Sessions) -> None:
    mine, other = threading.Event(), threading.Event()
    sessions.add("ann", [b"1"])
    sessions.begin("ann", mine)
    sessions.begin("bob", other)
    sessions.cancel("ann")
    assert mine.is_set() and not other.is_set()
    assert sessions.photos("ann") == [b"1"]


def test_a_fetch_goes_on_when_a_run_is_cancelled_and_ends_with_its_session(sessions: Sessions) -> None:
    sessions.keep_seconds = -1
    fetch = threading.Event()
    sessions.begin("ann", fetch, run=False)
    sessions.cancel("ann")
    sessions.sweep()
    assert not fetch.is_set()
    sessions.forget("ann")
    assert fetch.is_set()


def test_who_is_idle_too_long_is_forgotten_but_not_during_a_run(sessions: Sessions) -> None:
    sessions.keep_seconds = -1
    cancel = threading.Event()
    sessions.begin("ann", cancel)
    ann, bob = picture(sessions, "ann"), picture(sessions, "bob")
    sessions.sweep()
    assert ann.exists() and not bob.exists()
    sessions.end("ann", cancel)
    sessions.sweep()
    assert not ann.exists()


def test_an_upload_is_deleted_seconds_after_it_was_read(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = sessions.folder.path / "selfie.jpg"
    upload.write_bytes(b"a face")
    ann = Visitor(page="ann", address="")
    sessions.uploads.sent = lambda *_: True
    assert sessions.uploads.read(str(upload), ann) == b"a face"
    sessions.sweep()
    assert sessions.uploads.read(str(upload), ann) == b"a face"  # another call names it, too
    monkeypatch.setattr(uploads, "READ_AGAIN_SECONDS", -1)
    sessions.sweep()
    assert not upload.exists()
    with pytest.raises(PhotoError, match="not there"):
        sessions.uploads.read(str(upload), ann)


def test_an_upload_is_read_for_whoever_sent_it(sessions: Sessions) -> None:
    upload = sessions.folder.path / "selfie.jpg"
    upload.write_bytes(b"a face")
    ann, bob, script = Visitor(page="ann", address="1"), Visitor(page="bob", address="1"), Visitor(page="", address="1")
    sessions.uploads.sent = lambda visitor, file: visitor == ann and file == upload
    assert sessions.uploads.read(str(upload), ann) == b"a face"
    for visitor in (bob, script):
        with pytest.raises(PhotoError, match="not there"):
            sessions.uploads.read(str(upload), visitor)
    with pytest.raises(PhotoError, match="not there"):
        Sessions(sessions.folder).uploads.read(str(upload), ann)  # without doors nobody has sent anything


def test_too_many_photos_and_a_full_studio_are_refused(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.add("ann", [b"1"] * 6)
    with pytest.raises(UserError, match="At most 6"):
        sessions.add("ann", [b"7"])
    monkeypatch.setattr(module, "MAX_PHOTO_BYTES", 6)
    with pytest.raises(UserError, match="studio is full"):
        sessions.add("bob", [b"1"])
    monkeypatch.setattr(module, "MAX_DISK_BYTES", 5)
    picture(sessions, "ann")
    with pytest.raises(UserError, match="studio is full"):
        sessions.new_folder("bob")


def test_one_address_cannot_fill_the_studio(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PHOTO_BYTES_OF_ADDRESS", 4)
    for name, photos in (("a", 3), ("b", 1)):
        sessions.add(session_of(asked_by(name, "192.0.2.1")), [b"1"] * photos)
    with pytest.raises(UserError, match="studio is full"):
        sessions.add(session_of(asked_by("c", "192.0.2.1")), [b"1"])
    sessions.add(session_of(asked_by("d", "192.0.2.2")), [b"1"] * 4)


def test_what_is_no_photo_is_not_kept(tmp_path: Path) -> None:
    picture = BytesIO()
    Image.new("RGB", (400, 400)).save(picture, "PNG")
    with PrivateFolder(tmp_path) as folder:
        sessions = Sessions(folder)
        with pytest.raises(PhotoError, match="not a JPEG"):
            sessions.add("ann", [bytes(1000), picture.getvalue()])
        assert sessions.photos("ann") == [picture.getvalue()]
        careless = Sessions(folder, opens=bool)
        careless.add("ann", [bytes(1000)])
        assert careless.photos("ann") == [bytes(1000)]


def test_an_event_without_a_session_or_a_visitor_is_refused() -> None:
    for request in (gr.Request(session_hash="ann"), gr.Request(request=asked_by("ann").request)):
        with pytest.raises(UserError, match="needs a session"):
            session_of(request)


def test_an_upload_that_waits_its_turn_does_not_expire(sessions: Sessions) -> None:
    files = [sessions.folder.path / name for name in ("waits.jpg", "forgotten.jpg")]
    for file in files:
        file.write_bytes(b"a face")
        os.utime(file, (0, 0))
    sessions.uploads.waiting = lambda: {str(files[0])}
    sessions.sweep()
    assert [file.exists() for file in files] == [True, False]
