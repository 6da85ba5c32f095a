import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import UserError
from pipelines.page.private_folder import UPLOAD_SECONDS, PrivateFolder


def put(path: Path, age: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a face")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_nobody_else_can_read_it_and_nothing_is_left(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path / "private") as folder:
        assert [path.stat().st_mode & 0o777 for path in (folder.parent, folder.path, folder.results)] == [0o700] * 3
        put(folder.path / "abc" / "selfie.jpg")
    assert list((tmp_path / "private").iterdir()) == []


@pytest.mark.scorecard("R10", cases=0)
def test_a_killed_server_s_files_go_at_the_next_start_and_a_running_server_s_stay(tmp_path: Path) -> None:
    killed = "from pipelines.page.private_folder import *; import os; f = PrivateFolder().__enter__(); " \
             "(f.path / 'selfie.jpg').write_text('a face'); os.kill(os.getpid(), 9)"  # fmt: skip
    subprocess.run([sys.executable, "-c", killed], env={**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)}, check=False)
    assert len(list(tmp_path.rglob("selfie.jpg"))) == 1
    with PrivateFolder(tmp_path) as first:
        assert list(tmp_path.rglob("selfie.jpg")) == []
        kept = put(first.path / "abc" / "selfie.jpg")
        with PrivateFolder(tmp_path):
            assert kept.exists()


def test_uploads_that_nobody_read_go_after_a_minute_and_pictures_stay(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as folder:
        old = put(folder.path / "abc" / "old.jpg", age=UPLOAD_SECONDS + 1)
        loose = put(folder.path / "tmp123", age=UPLOAD_SECONDS + 1)
        new = put(folder.path / "def" / "new.jpg")
        picture = put(folder.results / "run" / "headshot.png", age=UPLOAD_SECONDS + 1)
        folder.sweep_uploads()
        assert [path.exists() for path in (old, loose, new, picture)] == [False, False, True, True]


@pytest.mark.scorecard("R15", cases=0)
def test_only_uploads_can_be_named(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.jpg")
    with PrivateFolder(tmp_path / "private") as folder:
        upload = put(folder.path / "abc" / "selfie.jpg")
        picture = put(folder.results / "run" / "headshot.png")
        (folder.path / "link.jpg").symlink_to(secret)
        strange = [secret, picture, folder.path, folder.path / "link.jpg", folder.path / "abc/../../../secret.jpg"]
        assert folder.upload(str(upload)) == upload
        assert [folder.upload(str(path)) for path in strange] == [None] * len(strange)
        assert [folder.upload(name) for name in (None, 7, "a\0b", "x" * 9000, "https://example.com/a.jpg")] == [
            None
        ] * 5


def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Set GRADIO_TEMP_DIR"), PrivateFolder(tmp_path / "file"):
        pass
