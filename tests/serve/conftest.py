"""The page on Ray Serve, in a program of its own on a local cluster."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.paths import ROOT
from tests.support.server import free_port

READY_SECONDS = 240


@contextmanager
def serving(folder: Path, *words: str, **environment: str) -> Iterator[str]:
    """Start `tests.support.serve_run` with these words after the port, and give the page's address."""
    port = free_port()
    line = [sys.executable, "-m", "tests.support.serve_run", str(port), *words]
    with (folder / "output").open("w") as output:
        told = os.environ | environment
        process = subprocess.Popen(line, cwd=ROOT, env=told, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + READY_SECONDS
        while "Headshot Studio: http" not in (folder / "output").read_text():
            assert process.poll() is None and time.monotonic() < until, (folder / "output").read_text()[-3000:]
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
