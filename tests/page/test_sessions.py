import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import PhotoError, UserError
from pipelines.page import sessions as module
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Sessions]:
    with PrivateFolder(tmp_path) as folder:
        yield Sessions(folder)


def picture(visits: Sessions, session: str) -> Path:
    folder = visits.new_folder(session)
    folder.mkdir()
    (folder / "headshot.png").write_bytes(b"a face")
    return folder


def test_photos_of_one_visitor_are_not_another_s(visits: Sessions) -> None:
    visits.add("ann", [b"1", b"2"])
    visits.add("bob", [b"3"])
    visits.remove("ann", 0)
    assert (visits.photos("ann"), visits.photos("bob"), visits.photos("eve")) == ([b"2"], [b"3"], [])


def test_who_leaves_is_forgotten_and_their_runs_stop(visits: Sessions) -> None:
    cancel = threading.Event()
    visits.add("ann", [b"1"])
    visits.begin("ann", cancel)
    ann, bob = picture(visits, "ann"), picture(visits, "bob")
    visits.forget("ann")
    assert cancel.is_set() and not ann.exists() and bob.exists()
    assert visits.photos("ann") == []


def test_who_cancels_stops_their_own_runs_and_keeps_their_photos(visits: Sessions) -> None:
    mine, other = threading.Event(), threading.Event()
    visits.add("ann", [b"1"])
    visits.begin("ann", mine)
    visits.begin("bob", other)
    visits.cancel("ann")
    assert mine.is_set() and not other.is_set()
    assert visits.photos("ann") == [b"1"]


def test_who_is_idle_too_long_is_forgotten_but_not_during_a_run(visits: Sessions) -> None:
    visits.keep_seconds = -1
    cancel = threading.Event()
    visits.begin("ann", cancel)
    ann, bob = picture(visits, "ann"), picture(visits, "bob")
    visits.sweep()
    assert ann.exists() and not bob.exists()
    visits.end("ann", cancel)
    visits.sweep()
    assert not ann.exists()


def test_an_upload_is_deleted_seconds_after_it_was_read(visits: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = visits.folder.path / "selfie.jpg"
    upload.write_bytes(b"a face")
    assert visits.read_upload(str(upload)) == b"a face"
    visits.sweep()
    assert visits.read_upload(str(upload)) == b"a face"  # the same photo was sent twice at once
    monkeypatch.setattr(module, "READ_AGAIN_SECONDS", -1)
    visits.sweep()
    assert not upload.exists()
    with pytest.raises(PhotoError, match="not there"):
        visits.read_upload(str(upload))


def test_the_same_photo_sent_again_is_not_deleted_before_it_is_read(
    visits: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, again = visits.folder.path / "selfie.jpg", visits.folder.path / "part"
    upload.write_bytes(b"a face")
    visits.read_upload(str(upload))
    again.write_bytes(b"a face")
    again.rename(upload)  # as Gradio moves an upload to the place that its content names
    monkeypatch.setattr(module, "READ_AGAIN_SECONDS", -1)
    visits.sweep()
    assert visits.read_upload(str(upload)) == b"a face"
    visits.sweep()
    assert not upload.exists()


def test_too_many_photos_and_a_full_house_are_refused(visits: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    visits.add("ann", [b"1"] * 6)
    with pytest.raises(UserError, match="At most 6"):
        visits.add("ann", [b"7"])
    monkeypatch.setattr(module, "MAX_PHOTO_BYTES", 6)
    with pytest.raises(UserError, match="studio is full"):
        visits.add("bob", [b"1"])
    monkeypatch.setattr(module, "MAX_DISK_BYTES", 5)
    picture(visits, "ann")
    with pytest.raises(UserError, match="studio is full"):
        visits.new_folder("bob")
