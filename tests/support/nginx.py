"""Debian's nginx before a server of ours, at a sub-path, with the location that deploy/nginx.conf gives it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.paths import ROOT

LOCATION = ROOT / "deploy" / "nginx.conf"
PATH = "studio"
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
UPSTREAM = "127.0.0.1:7860"
CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused; uwsgi_temp_path {folder}/unused; scgi_temp_path {folder}/unused;
    server {{
        listen 127.0.0.1:{port};
        include {folder}/location.conf;
    }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, server_port: int, instead: dict[str, str] | None = None) -> Iterator[str]:
    """Run it while inside; the address of the page. `instead` gives other lines for those that begin so."""
    assert PROGRAM is not None
    folder.mkdir()
    location = LOCATION.read_text("utf-8").replace(UPSTREAM, f"127.0.0.1:{server_port}")
    for begins, line in (instead or {}).items():
        location, changed = re.subn(rf"^ *{begins}.*$", line, location, flags=re.MULTILINE)
        assert changed == 1
    (folder / "location.conf").write_text(location)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, user=user))
    process = subprocess.Popen(
        [PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    )
    try:
        until = time.monotonic() + 10
        while not listens(port):
            assert process.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield f"http://localhost:{port}/{PATH}/"
    finally:
        process.terminate()
        process.wait(10)


def bytes_on_disk(folder: Path) -> int:
    """Bytes of requests that nginx has written to its folder, whose files have no name any more."""
    found = 0
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith(f"{folder / 'bodies'}/"):
                found += link.stat().st_size
    return found


def listens(port: int) -> bool:
    """True if a server listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
