"""A real browser before a real server of the page, for benchmarks and pictures of the page."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from pipelines.paths import ROOT


@contextmanager
def server() -> Iterator[str]:
    """Run a server of the page with the built-in engine; its address."""
    command = [sys.executable, "app.py", "--engine", "builtin"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(found.group() for line in process.stdout if (found := re.search(r"http://127\S+", line)))
        finally:
            process.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's chromium, or what CHROMIUM_PATH names."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
