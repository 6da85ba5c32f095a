"""A Space's folder, run as a Space runs it, until one headshot comes out: `python -m tools.run_space FOLDER`.

FOLDER is what `python -m pipelines deploy space --to OWNER/NAME --dry-run --folder FOLDER` has built. Its packages go
into a fresh environment (minutes and 2 GB; `--environment` keeps it, or takes one that is there). Then the app runs on
a port of its own, on two cores and in 16 GB, from a copy that may not be written, and opens nothing of this checkout.
"""

import argparse
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.paths import ROOT

CORES, MEMORY = 2, 16 * 2**30
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
"""Beginning of a command that runs as root and yet may not write what is read-only."""
READY_SECONDS = 180
OUTSIDE = "Opened outside the folder: "
APP = f"""
import runpy, sys
folder, project = sys.argv[1:3]
def watch(event, arguments):
    path = str(arguments[0]) if event == "open" else ""
    if path.startswith(project + "/") and not path.startswith((sys.prefix + "/", folder + "/")):
        print("{OUTSIDE}" + path, flush=True)
sys.addaudithook(watch)
sys.path.insert(0, folder)
sys.argv = ["app.py"]
runpy.run_path("app.py", run_name="__main__")
"""
"""Program that runs app.py without this checkout's packages, and tells of files of it that are opened all the same."""


@dataclass(frozen=True, kw_only=True)
class Headshot:
    """Headshot that a Space made."""

    seconds: float
    """Seconds from the call to the saved picture."""
    started: float
    """Seconds from the start of the program to the page."""
    memory: int
    """Most bytes that the program held."""
    likeness: float
    picture: Path
    changed: tuple[str, ...]
    """Files of the folder that the program has made or changed."""
    log: str
    exit_code: int


def install(folder: Path, environment: Path) -> None:
    """Install what a Space installs: its requirements.txt, Gradio with its extras and the package `spaces`."""
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    found = re.search(r"^gradio==(\S+)$", (folder / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    extras = tomllib.loads((ROOT / "pipelines" / "deploy" / "space.toml").read_text("utf-8"))["extras"]
    line = [str(environment / "bin" / "pip"), "install", "--quiet", "-r", str(folder / "requirements.txt")]
    line += [f"gradio[{','.join(extras)}]=={found[1]}", "uvicorn>=0.14.0", "spaces"]
    subprocess.run(line, check=True)


def headshot(folder: Path, python: Path, out: Path) -> Headshot:
    """Run a Space's folder with a Python, and ask it for one headshot, which is saved below `out`."""
    from gradio_client import Client, handle_file

    with running(folder, python) as (process, url, log, app):
        before = {path: path.stat().st_mtime_ns for path in app.rglob("*")}
        began = time.monotonic()
        while not answers(url):
            if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                raise RuntimeError(f"The app did not start: {log.read_text('utf-8')}")
            time.sleep(0.1)
        started = time.monotonic() - began
        client = Client(url, verbose=False, analytics_enabled=False, download_files=str(out))
        selfie = sorted((app / "assets" / "examples").glob("*.jpg"))[1]
        began = time.monotonic()
        photos = [handle_file(selfie)]
        result: Any = client.predict(photos=photos, seed=7, count=1, consent=True, api_name="/headshot")
        seconds = time.monotonic() - began
        client.close()
        memory = peak(process.pid)
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        after = {path: path.stat().st_mtime_ns for path in app.rglob("*")}
        (picture,) = result["pictures"]
        return Headshot(
            seconds=seconds,
            started=started,
            memory=memory,
            likeness=picture["likeness"],
            picture=Path(picture["file"]),
            changed=tuple(str(path.relative_to(app)) for path in after if before.get(path) != after[path]),
            log=log.read_text("utf-8"),
            exit_code=code,
        )


@contextmanager
def running(folder: Path, python: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path, Path]]:
    """Run the app as a Space while inside: its process, its address, its log and its read-only copy of the folder."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, home, log = scratch / "app", scratch / "home", scratch / "log"
        shutil.copytree(folder, app)
        home.mkdir()
        for path in (app, *app.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        port = free_port()
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "SPACE_ID": "ann/headshots",
            "SPACE_HOST": "ann-headshots.hf.space",
            "GRADIO_SERVER_NAME": "0.0.0.0",  # noqa: S104 - as a Space sets it
            "GRADIO_SERVER_PORT": str(port),
        }
        line = [*(WITHOUT_RIGHTS if os.geteuid() == 0 else []), str(python), "-I", "-c", APP, str(app), str(ROOT)]
        process = subprocess.Popen(
            line,
            cwd=app,
            env=environment,
            stdout=stack.enter_context(log.open("wb")),
            stderr=subprocess.STDOUT,
            preexec_fn=limit,
        )
        try:
            yield process, f"http://127.0.0.1:{port}/", log, app
        finally:
            process.kill()
            process.wait()


def limit() -> None:
    """Give this process two cores and 16 GB of addresses."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:CORES])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def answers(url: str) -> bool:
    """True if the page's server is there."""
    import httpx

    try:
        return httpx.get(f"{url}health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def peak(process: int) -> int:
    """Most bytes that a process has held at once."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a Space's folder and print what came out; the exit code is 1 if anything is not as it should be."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("folder", type=Path, help="the Space's folder")
    line.add_argument("--environment", type=Path, help="the environment; made if it is not there")
    given = line.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        environment = (given.environment or Path(scratch) / "environment").absolute()
        if not environment.exists():
            began = time.monotonic()
            install(given.folder, environment)
            size = sum(path.lstat().st_size for path in environment.rglob("*")) / 1e9
            print(f"Installed in {time.monotonic() - began:.0f} s, {size:.1f} GB.")
        made = headshot(given.folder, environment / "bin" / "python", Path(scratch))
        outside = [text for text in made.log.splitlines() if text.startswith(OUTSIDE)]
        print(
            f"The page was there after {made.started:.1f} s, a headshot after {made.seconds:.1f} s more; likeness "
            f"{made.likeness:.2f}, {made.picture.stat().st_size / 1e6:.1f} MB, memory {made.memory / 1e9:.2f} GB."
        )
        print(f"Files changed in the folder: {len(made.changed)}; opened outside: {len(outside)}; ended with "
              f"{made.exit_code}.")  # fmt: skip
        return 1 if made.changed or outside or made.exit_code else 0


if __name__ == "__main__":
    sys.exit(main())
