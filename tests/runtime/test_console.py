"""Output: no character and no closed pipe stops a program, whatever the console's encoding is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.paths import ROOT
from tests.support.server import selfie

pytestmark = pytest.mark.slow

EMOJI = "bilder 😀 ✓"
FAKE_RUN = """
import sys
sys.argv[0] = "pipelines"
from tests.support.fake_engine import FakeEngine
from pipelines.studio import Studio
from pipelines.runtime import process
studio = Studio(FakeEngine())
Studio.load = classmethod(lambda cls, engine="auto", *, wait=True: studio)
{before}
process.run_and_exit("pipelines.cli:main")
"""
WITHOUT = "process.lasting_output = lambda: None"


def run(words: list[str], encoding: str, before: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run the command line with an engine that draws in milliseconds, into a pipe of this encoding."""
    command = [sys.executable, "-c", FAKE_RUN.format(before=before), *words]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, env=environment, cwd=ROOT, timeout=120)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8"])
def test_pictures_in_a_folder_with_an_emoji_are_saved_and_told(encoding: str, tmp_path: Path) -> None:
    folder = tmp_path / EMOJI
    ended = run([str(selfie(6)), "--count", "2", "--seed", "3", "--out", str(folder)], encoding)
    assert ended.returncode == 0 and b"Traceback" not in ended.stderr
    assert sorted(file.name for file in folder.iterdir()) == ["headshot-corporate-3.png", "headshot-corporate-4.png"]
    told = ended.stdout.decode(encoding)
    assert told.startswith("file ") and told.count("headshot-corporate-") == 2
    assert (EMOJI in told) if encoding == "utf-8" else (r"bilder \U0001f600 \u2713" in told)


def test_without_our_care_it_ends_in_a_traceback(tmp_path: Path) -> None:
    """The control."""
    words = [str(selfie(6)), "--count", "1", "--out", str(tmp_path / EMOJI)]
    ended = run(words, "cp1252", before=WITHOUT)
    assert ended.returncode != 0 and b"UnicodeEncodeError" in ended.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
@pytest.mark.parametrize("words", [["weights"], ["--list-looks"], ["--help"]], ids=str)
def test_tables_are_printed_in_any_encoding(words: list[str], encoding: str) -> None:
    ended = run(words, encoding)
    assert (ended.returncode, ended.stderr) == (0, b"") and len(ended.stdout) > 500


def closed(before: str = "") -> tuple[int, bytes]:
    """Exit code and errors of a program whose output nobody reads, as behind `| head`."""
    end, start = os.pipe()
    os.close(end)
    command = [sys.executable, "-c", FAKE_RUN.format(before=before), "weights"]
    program = subprocess.Popen(command, stdout=start, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(start)
    errors = program.communicate(timeout=120)[1]
    return program.returncode, errors


def test_a_closed_pipe_is_no_fault() -> None:
    assert closed() == (0, b"")


def test_without_our_care_a_closed_pipe_is_one() -> None:
    """The control."""
    code, errors = closed(WITHOUT)
    assert code != 0 and b"BrokenPipeError" in errors


def test_no_output_at_all_is_no_fault() -> None:
    line = f'"{sys.executable}" -m pipelines --list-looks >&- 2>&-'
    assert subprocess.run(["bash", "-c", line], cwd=ROOT, timeout=60).returncode == 0


def test_a_full_disk_behind_the_output_is_no_fault() -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines", "weights"], stdout=full, stderr=subprocess.PIPE, cwd=ROOT
        )
    assert (ended.returncode, ended.stderr) == (0, b"")
