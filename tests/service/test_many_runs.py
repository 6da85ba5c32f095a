"""Many runs on one server: it does not grow, says nothing to anybody, and marks every file it hands out."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.support.scorecard import Cases, share
from tests.support.server import READY, running_server
from tests.support.soak import KINDS, PHOTOS, Soak, State, canary, leaving, soaked, state, telling_photo, traced

pytestmark = [pytest.mark.service, pytest.mark.slow]

RUNS = 500
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Soak]:
    folder = tmp_path_factory.mktemp("soak")
    with running_server(tmp_path_factory.mktemp("server"), ["--engine", "builtin"]) as server:
        with soaked(server, share(RUNS, pytestconfig), folder) as done:
            yield done
        assert server.stop() == 0


def grown(states: list[State]) -> list[str]:
    """Kinds of holdings that grew too much after 50 runs, or half of them, in which memory settles.

    Memory goes up and down by some 80 MB from run to run, so medians are compared. In a tenth of the runs it still
    settles, and 7 % are let in, which is less than a kept picture for each run; a full run has the promised 3 %, and
    50 MB.
    """
    after = min(50, len(states) // 2)
    settled, last = states[after], states[-1]
    some = min(10, (len(states) - after) // 2)
    before, now = (median(one.memory for one in part) for part in (states[after : after + some], states[-some:]))
    most = 0.07 * before if len(states) <= 50 else min(0.03 * before, 50 * MEGABYTE)
    kinds = {
        "memory": now - before >= most,
        "handles": last.handles > settled.handles + 2,
        "threads": last.threads > settled.threads + 2,
    }
    return [kind for kind, too_much in kinds.items() if too_much]


@pytest.mark.scorecard("R13")
def test_memory_handles_and_threads_do_not_grow(soak: Soak, scorecard: Cases) -> None:
    assert len(soak.states) == scorecard.share(RUNS)
    assert grown(soak.states) == []


LEAKING = """
import sys, threading
kept = []
for _ in sys.stdin:
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    kept += [b"1" * 5_400_000, open(sys.executable), thread]
    print(flush=True)
"""


@pytest.mark.scorecard("R13", cases=0)
def test_a_program_that_keeps_pictures_files_or_threads_is_noticed() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LEAKING], **pipes) as leaking:  # type: ignore[call-overload]
        states = list[State]()
        for _ in range(20):
            leaking.stdin.write("\n")
            leaking.stdin.flush()
            leaking.stdout.readline()
            states.append(state(psutil.Process(leaking.pid)))
        leaking.stdin.close()
    assert grown(states) == ["memory", "handles", "threads"]
    assert grown([states[0]] * 20) == []


@pytest.mark.scorecard("R22")
def test_nothing_leaves_the_machine_and_the_log_names_nobody(soak: Soak, scorecard: Cases) -> None:
    scorecard.share(RUNS)
    assert soak.connections == []
    assert "CANARY" not in soak.log and "Traceback" not in soak.log
    said = "".join(line for line in soak.server.log if not line.startswith(READY))
    assert not [word for word in ("127.0.0.1:", "smiling") if word in said]


@pytest.mark.scorecard("R22", cases=0)
def test_a_connection_would_be_seen(tmp_path: Path) -> None:
    code = "import socket, time; time.sleep(2); socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    caller = subprocess.Popen([sys.executable, "-c", code])
    seen: list[str] = []
    with traced(caller.pid, tmp_path / "trace", seen.extend):
        caller.wait()
    assert len(seen) == 1 and "192.0.2.1" in seen[0]
    assert (
        leaving('1 connect(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, 16) = 0') == []
    )


@pytest.mark.scorecard("R20")
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_every_downloaded_file_is_marked_for_an_outside_reader(soak: Soak, scorecard: Cases) -> None:
    assert len(soak.files) == 2 * len(soak.states)
    assert {file.suffix for file in soak.files} == {".png", ".jpg"}
    scorecard.count(len(soak.files))
    assert marked(*soak.files) == len(soak.files)


@pytest.mark.scorecard("R20", cases=0)
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_pixels_saved_anew_as_gradio_does_are_not_marked(soak: Soak, tmp_path: Path) -> None:
    with Image.open(soak.files[0]) as picture:
        Image.fromarray(np.asarray(picture)).save(tmp_path / "stock.webp")
    assert marked(tmp_path / "stock.webp") == 0


@pytest.mark.scorecard("R3")
def test_no_canary_of_a_photo_is_in_a_picture_a_file_or_the_log(soak: Soak, scorecard: Cases) -> None:
    photos = min(PHOTOS, len(soak.states))
    scorecard.count(photos * len(KINDS))
    words = [canary(photo, kind).encode() for photo in range(photos) for kind in KINDS]
    places = [soak.log.encode(), *(path.read_bytes() for path in (*soak.files, *soak.server.files()))]
    names = [str(path).encode() for path in soak.server.files()]
    assert not [word for word in words for place in (*places, *names) if word in place]


@pytest.mark.scorecard("R3", cases=0)
def test_every_canary_is_in_the_photo_that_was_sent(tmp_path: Path) -> None:
    photo = telling_photo(0, tmp_path)
    content = photo.read_bytes() + photo.name.encode()
    assert [kind for kind in KINDS if canary(0, kind).encode() not in content] == []
    with Image.open(photo) as opened:
        kept = BytesIO()
        opened.save(kept, "JPEG", exif=opened.getexif())
    assert canary(0, "maker").encode() in kept.getvalue()  # what a program keeps that copies metadata


def marked(*files: Path) -> int:
    """Number of these files that exiftool finds the mark in."""
    line = ["exiftool", "-q", "-n", "-s3", "-XMP-iptcExt:DigitalSourceType", *map(str, files)]
    found = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    return sum("trainedAlgorithmicMedia" in line for line in found)
