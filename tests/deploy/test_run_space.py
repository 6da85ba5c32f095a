"""A Space's folder, run as a Space runs it. `python -m tools.run_space` does it in an environment of its own."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from pipelines.deploy.folder import build
from pipelines.paths import ROOT
from tools.run_space import OUTSIDE, headshot, running

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits cores and rights as Linux does"),
    pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root cannot be held without setpriv"),
]


def test_a_headshot_comes_out_of_the_folder_alone(tmp_path: Path) -> None:
    build(tmp_path / "space", "cpu-basic")
    made = headshot(tmp_path / "space", Path(sys.executable), tmp_path / "out")
    assert made.likeness > 0.4 and made.picture.stat().st_size > 100_000
    assert made.changed == () and OUTSIDE not in made.log and "Traceback" not in made.log
    assert made.exit_code == 0


def test_a_program_that_writes_into_its_folder_or_reads_the_checkout_is_seen(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"open({str(ROOT / 'README.md')!r}).close()\nopen('made.txt', 'w')\n")
    with running(tmp_path, Path(sys.executable)) as (process, _, log, app):
        assert process.wait(30) == 1
        assert f"{OUTSIDE}{ROOT / 'README.md'}" in log.read_text() and "PermissionError" in log.read_text()
        assert not (app / "made.txt").exists()
