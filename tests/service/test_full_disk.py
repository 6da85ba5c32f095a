"""An upload to a full disk: a sentence, and no traceback."""

from pathlib import Path

import httpx
import pytest

from pipelines.page import texts
from pipelines.paths import ROOT
from tests.support.server import running_server

pytestmark = [pytest.mark.service, pytest.mark.slow]

NO_ROOM = """
import errno, tempfile
usual = tempfile.NamedTemporaryFile
def full(*arguments, **options):
    file = usual(*arguments, **options)
    def write(data):
        raise OSError(errno.ENOSPC, "No space left on device")
    file.write = write
    return file
tempfile.NamedTemporaryFile = full
"""
AS_GRADIO_ANSWERS = """
import pipelines.page.lifecycle.full_disk as full_disk
async def raised(request, error):
    raise error
full_disk.disk_full = raised
"""


def upload(folder: Path, patches: str) -> tuple[httpx.Response, list[str]]:
    """Answer to an upload, and the server's log."""
    patched = folder / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(patches)
    path = f"{patched}:{ROOT}"
    with running_server(folder / "private", ["--engine", "builtin"], PYTHONPATH=path) as server:
        files = {"files": ("selfie.jpg", bytes(100_000), "image/jpeg")}
        answer = httpx.post(f"{server.url}gradio_api/upload", files=files, trust_env=False)
        assert server.stop() == 0
        return answer, server.log


@pytest.mark.scorecard("R14")
def test_an_upload_without_room_is_a_sentence(tmp_path: Path) -> None:
    answer, log = upload(tmp_path, NO_ROOM)
    assert (answer.status_code, answer.json()) == (507, {"detail": texts.DISK_FULL})
    assert not [line for line in log if "Traceback" in line]


@pytest.mark.scorecard("R14", cases=0)
def test_without_our_answer_it_is_an_error_of_the_server(tmp_path: Path) -> None:
    """The control."""
    answer, _ = upload(tmp_path, NO_ROOM + AS_GRADIO_ANSWERS)
    assert answer.status_code == 500 and texts.DISK_FULL not in answer.text
