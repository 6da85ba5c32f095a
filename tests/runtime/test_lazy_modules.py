"""Modules whose code runs when something of them is used."""

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.runtime.lazy_modules import lazy_modules

pytestmark = pytest.mark.slow

NAME = "written_for_a_test"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a package that notes in another file whenever its code runs."""
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "part.py").write_text(f"import {NAME}\nVALUE = 6\n")
    (folder / "__init__.py").write_text(
        f"from pathlib import Path\nwith Path({str(tmp_path / 'ran')!r}).open('a') as file:\n    file.write('x')\n"
        "from .part import VALUE\nANSWER = VALUE * 7\ndef __getattr__(name):\n"
        "    if name == 'late':\n        return 'made on demand'\n    raise AttributeError(name)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "ran"
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]


def test_its_code_runs_once_and_only_when_something_of_it_is_used(written: Path):
    with lazy_modules(NAME):
        module = importlib.import_module(NAME)
    assert inspect.getfile(module).endswith("__init__.py")  # what torch asks of every module
    assert not hasattr(module, "__wrapped__") and not written.exists()
    assert importlib.import_module(NAME) is module
    assert module.ANSWER == 42 and module.late == "made on demand" and written.read_text() == "x"
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = module.nothing_like_it
    assert importlib.reload(module).ANSWER == 42 and written.read_text() == "xx"


def test_its_parts_and_what_it_has_are_imported_as_usual(written: Path):
    with lazy_modules(NAME):
        part = importlib.import_module(f"{NAME}.part")
        assert part.VALUE == 6 and not written.exists()
        scope: dict = {}
        exec(f"from {NAME} import ANSWER", scope)  # what a library would write
    assert scope["ANSWER"] == 42 and written.read_text() == "x"


def test_two_threads_that_use_it_at_once_both_get_it_whole(written: Path):
    with lazy_modules(NAME):
        module = importlib.import_module(NAME)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: module.ANSWER, range(64))) == {42}
    assert written.read_text() == "x"


def test_afterwards_and_for_other_modules_imports_are_as_ever(written: Path):
    before = list(sys.meta_path)
    with pytest.raises(ZeroDivisionError), lazy_modules("another", NAME + ".part"):
        importlib.import_module(NAME)
        assert written.read_text() == "x"
        raise ZeroDivisionError
    assert sys.meta_path == before
    with lazy_modules("no_such_module"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module")


def test_a_thread_that_is_importing_meanwhile_asks_every_finder_once(monkeypatch: pytest.MonkeyPatch):
    going_through, finders = [*sys.meta_path], [*sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", going_through)
    with lazy_modules("one"):
        sys.meta_path.append(another := sys.meta_path[-1])  # as libraries do when they are imported
        assert going_through == finders
    assert going_through == finders
    assert sys.meta_path == [*finders, another]


def test_the_engines_start_without_the_statistics_that_diffusers_imports_and_those_still_work():
    code = (
        "import sys; from pipelines.engines.background_load import load_engine; load_engine('builtin');"
        "assert 'scipy.stats' in sys.modules and 'scipy.stats._stats_py' not in sys.modules;"
        "import scipy.stats; print(scipy.stats.norm.cdf(0), scipy.stats.beta.ppf(0.5, 0.6, 0.6))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [float(value) for value in done.stdout.split()] == pytest.approx([0.5, 0.5])
