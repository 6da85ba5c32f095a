"""A real server process, started as a person starts it."""

import atexit
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.paths import ROOT

READY = "Headshot Studio: "
READY_SECONDS = 120


@dataclass
class Server:
    process: subprocess.Popen
    url: str
    folder: Path  # GRADIO_TEMP_DIR
    log: list[str]

    def files(self) -> list[Path]:
        """Every file the server holds on disk. Folders may go meanwhile."""
        return [Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names]

    def stop(self, number: int = signal.SIGTERM, seconds: float = 15) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)


def selfie(person: int) -> Path:
    """A selfie of one of openpeople's ten people, who do not exist."""
    spec = find_spec("openpeople")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / f"data/curated/P{person:03d}/assets/amateur_selfie.jpg"


def group_photo(folder: Path) -> Path:
    """Two people in one picture: on the left the one of `selfie(6)`."""
    both = Image.new("RGB", (1696, 1264))
    for k, person in enumerate((6, 5)):
        both.paste(Image.open(selfie(person)).resize((848, 1264)), (848 * k, 0))
    both.save(folder / "group.jpg", quality=90)
    return folder / "group.jpg"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(
    *arguments: str, folder: Path, program: Sequence[str] = ("app.py",), **environment: str
) -> tuple[list[str], dict[str, str]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GRADIO", "HEADSHOT"))}
    return [sys.executable, *program, *arguments], {**inherited, "GRADIO_TEMP_DIR": str(folder), **environment}


@contextmanager
def running_server(
    folder: Path, arguments: Sequence[str] = (), program: Sequence[str] = ("app.py",), **environment: str
) -> Iterator[Server]:
    line, env = command("--port", str(free_port()), *arguments, folder=folder, program=program, **environment)
    process = subprocess.Popen(
        line, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    assert process.stdout is not None
    stdout, log, lines = process.stdout, [], queue.SimpleQueue[str]()

    def read() -> None:
        for text in stdout:
            log.append(text)
            lines.put(json.loads(text)["message"] if text.startswith("{") else text)  # with --log-json
        lines.put("")

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        until = time.monotonic() + READY_SECONDS
        while not (text := lines.get(timeout=max(0.1, until - time.monotonic()))).startswith(READY):
            if not text:
                raise AssertionError(f"the server did not start: {''.join(log)}")
        yield Server(process=process, url=text.removeprefix(READY).strip(), folder=folder, log=log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join(5)
        stdout.close()


@contextmanager
def page_server(
    folder: Path, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None, **told: Any
) -> Iterator[Server]:
    """A server with the real page and doors, and a studio that draws nothing; see tests.support.page_server."""
    program = ("-m", "tests.support.page_server")
    with running_server(
        folder, arguments, program=program, PAGE_SERVER=json.dumps(told), **(environment or {})
    ) as server:
        yield server


@cache
def shared_server() -> Server:
    """One server with the built-in engine for all tests that need no server of their own."""
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    folder = Path(until_the_end.enter_context(tempfile.TemporaryDirectory()))
    return until_the_end.enter_context(running_server(folder, ["--engine", "builtin"]))
