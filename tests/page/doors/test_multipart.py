"""Refused uploads: each of their files is closed and deleted, whatever becomes of another."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from pipelines.page.doors.files import multipart
from pipelines.page.doors.files.multipart import files_of_one_upload


def coming(folder: Path) -> Any:
    return multipart._File(tempfile.NamedTemporaryFile(dir=folder, delete=False))


def test_files_of_a_refused_upload_are_closed_and_deleted_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink, refused = Path.unlink, list[Path]()

    def as_on_windows(path: Path, missing_ok: bool = False) -> None:
        assert all(file.file.closed for file in files if file.file.name == str(path))
        if not refused:
            refused.append(path)
            raise PermissionError("somebody reads it")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", as_on_windows)
    files: list[Any] = []
    with pytest.raises(ValueError, match="cut off"), files_of_one_upload():
        files += [coming(tmp_path) for _ in range(3)]
        raise ValueError("cut off")
    assert [path.name for path in tmp_path.iterdir()] == [refused[0].name]
