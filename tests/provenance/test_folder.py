"""Output folder: never over another file, never left behind by a run that did not end well."""

import shutil
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.errors import Cancelled, UserError
from pipelines.provenance.folder import OutputFolder


def test_an_older_picture_is_never_overwritten(tmp_path: Path):
    for name in ("headshot-corporate-7.png", "headshot-corporate-7-2.png"):
        (tmp_path / name).write_text("older")
    with OutputFolder(tmp_path) as output:
        assert output.reserve("headshot-corporate-7", ".png").name == "headshot-corporate-7-3.png"
        assert output.reserve("headshot-corporate-7", ".jpg").name == "headshot-corporate-7.jpg"
        assert output.reserve("headshot-corporate-7", ".png").name == "headshot-corporate-7-4.png"
    assert (tmp_path / "headshot-corporate-7.png").read_text() == "older"


def test_without_a_folder_the_pictures_are_private():
    with pytest.raises(Cancelled), OutputFolder(None) as output:
        assert stat.S_IMODE(output.folder.stat().st_mode) == 0o700
        output.reserve("headshot", ".png").write_bytes(b"a picture")
        raise Cancelled
    assert not output.folder.exists()


@pytest.mark.parametrize("error", [Cancelled, ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_run_that_ends_early_leaves_no_file_and_no_folder(tmp_path: Path, error: type[BaseException]):
    (tmp_path / "mine.txt").write_text("stays")
    with pytest.raises(error), OutputFolder(tmp_path / "new" / "folder") as output:
        output.reserve("headshot", ".png").write_bytes(b"a picture")
        raise error
    assert [path.name for path in tmp_path.rglob("*")] == ["mine.txt"]


def test_a_folder_with_other_files_stays(tmp_path: Path):
    with pytest.raises(Cancelled), OutputFolder(tmp_path / "new") as output:
        output.reserve("headshot", ".png")
        (tmp_path / "new" / "theirs.png").write_bytes(b"theirs")
        raise Cancelled
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["theirs.png"]


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("a file")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="Choose another folder"), OutputFolder(folder):
            raise AssertionError("it was used")


def test_the_words_of_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with OutputFolder(tmp_path) as output:
        monkeypatch.setattr(Path, "open", full)
        with pytest.raises(UserError, match=r"No space left on device.*Free some space"):
            output.reserve("headshot", ".png")


def test_files_that_belong_together_are_there_all_or_not_at_all(tmp_path: Path) -> None:
    with OutputFolder(tmp_path) as output:
        with output.together():
            kept = output.reserve("first", ".png")
        with suppress(ValueError), output.together():
            output.reserve("second", ".png")
            raise ValueError
    assert list(tmp_path.iterdir()) == [kept]


def test_a_folder_that_is_deleted_meanwhile_hides_no_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the run's own"), OutputFolder(tmp_path / "new") as output:
        output.reserve("first", ".png")
        shutil.rmtree(tmp_path / "new")
        raise ValueError("the run's own")
