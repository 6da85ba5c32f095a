"""Many runs on one server, with everything kept that later tests want to look at."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.support.server import Server, selfie

RUNS_PER_CLIENT = 10
PHOTOS = 20
STRACE = shutil.which("strace")
LOOPBACK = re.compile(r'inet_addr\("127\.[\d.]+"\)|inet_pton\(AF_INET6, "(?:::1|::ffff:127\.[\d.]+)"')


@dataclass(frozen=True)
class State:
    """Holdings of a process: resident bytes, open handles and threads."""

    memory: int
    handles: int
    threads: int


@dataclass
class Soak:
    """Remains of many runs: the downloaded files, the process before each run, and what could be found afterwards."""

    server: Server
    downloads: Path
    states: list[State] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)

    @cached_property
    def files(self) -> list[Path]:
        """Every picture that was downloaded."""
        return sorted(path for path in self.downloads.rglob("*") if path.suffix in (".png", ".jpg"))

    @property
    def log(self) -> str:
        return "".join(self.server.log)


def canary(photo: int, kind: str) -> str:
    """A word that stands nowhere but in one place of one photo."""
    return f"CANARY{kind.upper()}{photo:02d}"


IFD = ("maker", "model", "software", "artist", "copyright", "description")
KINDS = (*IFD, "serial", "place", "xmp", "comment", "thumbnail", "filename")
"""Places in which a photo says something about a person."""


def telling_photo(number: int, folder: Path) -> Path:
    """A small selfie with a canary in each of KINDS."""
    exif = Image.Exif()
    for kind, tag in zip(IFD, (0x010F, 0x0110, 0x0131, 0x013B, 0x8298, 0x010E), strict=True):
        exif[tag] = canary(number, kind)
    exif.get_ifd(0x8769)[0xA431] = canary(number, "serial")
    exif.get_ifd(0x8825)[0x1C] = canary(number, "place").encode()
    path = folder / f"{canary(number, 'filename')}.jpg"
    with Image.open(selfie(1 + number % 10)) as photo:
        photo.draft("RGB", (640, 640))
        photo.thumbnail((640, 640))
        xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{canary(number, 'xmp')}</x:xmpmeta>".encode()
        photo.save(path, quality=90, exif=exif, xmp=xmp, comment=canary(number, "comment").encode())
    with path.open("ab") as file:
        file.write(canary(number, "thumbnail").encode())  # behind the picture, where phones put small copies
    return path


@contextmanager
def soaked(server: Server, runs: int, folder: Path) -> Iterator[Soak]:
    """Make so many runs, one picture each, in turn as PNG and JPEG with one further size."""
    soak = Soak(server, folder / "downloads")
    (folder / "photos").mkdir()
    photos = [telling_photo(number, folder / "photos") for number in range(PHOTOS)]
    process = psutil.Process(server.process.pid)
    with traced(server.process.pid, folder / "connections", soak.connections.extend):
        for run in range(runs):
            if run % RUNS_PER_CLIENT == 0:
                client = Client(server.url, verbose=False, analytics_enabled=False, download_files=str(soak.downloads))
            client.predict(
                [handle_file(photos[run % PHOTOS])], words=f"{canary(run, 'words')}, smiling", consent=True, count=1,
                steps=4, format=("png", "jpeg")[run % 2], sizes=["linkedin"], api_name="/headshot",
            )  # fmt: skip
            soak.states.append(state(process))
            if run % RUNS_PER_CLIENT == RUNS_PER_CLIENT - 1 or run == runs - 1:
                client.close()
    yield soak


def state(process: psutil.Process) -> State:
    return State(process.memory_info().rss, process.num_fds(), process.num_threads())


@contextmanager
def traced(pid: int, file: Path, tell: Callable[[list[str]], None]) -> Iterator[None]:
    """Tell, at the end, every connection of a process and its children that leaves this machine; needs strace."""
    if STRACE is None:
        pytest.skip("strace is missing: apt-get install strace")
    line = [STRACE, "-f", "-q", "-e", "trace=connect,sendto,sendmsg", "-o", str(file), "-p", str(pid)]
    tracer = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 10
        while tracer.poll() is None and not _is_traced(pid) and time.monotonic() < until:
            time.sleep(0.05)
        if tracer.poll() is not None:
            pytest.skip("strace may not look at processes here")
        yield
    finally:
        tracer.terminate()
        tracer.communicate()
        tell(leaving(file.read_text("utf-8") if file.exists() else ""))


def leaving(trace: str) -> list[str]:
    """Lines of strace about addresses that are not this machine's own."""
    return [line for line in trace.splitlines() if "sa_family=AF_INET" in line and not LOOPBACK.search(line)]


def _is_traced(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return "TracerPid:\t0" not in status
