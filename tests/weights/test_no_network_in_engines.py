"""Loading never downloads: no module of engines/ reaches the modules that do, however many imports lie between."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pipelines.paths import ROOT

pytestmark = pytest.mark.slow

NETWORK = {f"pipelines.weights.{name}" for name in ("fetch", "download", "hub", "insightface_archive")}
ENGINE_MODULES = sorted((ROOT / "pipelines" / "engines").rglob("*.py"))


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(file: Path) -> frozenset[Path]:
    """Files of this project that a file imports, also inside its functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = (ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("pipelines."))
    return frozenset(file for file in files if file.exists())


def reached(file: Path) -> set[Path]:
    found, todo = {file}, [file]
    while todo:
        new = imports(todo.pop()) - found
        found |= new
        todo += new
    return found


@pytest.mark.parametrize("file", ENGINE_MODULES, ids=module_name)
def test_no_engine_module_reaches_what_downloads(file: Path) -> None:
    assert NETWORK & {module_name(other) for other in reached(file)} == set()


def test_the_studio_does() -> None:
    assert {module_name(other) for other in reached(ROOT / "pipelines" / "studio.py")} >= NETWORK


def test_an_engine_is_loaded_without_them() -> None:
    code = (
        "import sys; from pipelines.engines.engine import Engine; Engine.load('builtin');"
        f"print(sorted({NETWORK!r} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
