"""PRIVACY.md and SECURITY.md speak of tests that are there."""

import ast
import re
from pathlib import Path

import pytest

from pipelines.paths import ROOT

PRIVACY = (ROOT / "PRIVACY.md").read_text("utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROMISE = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |^Nothing|\Z)", re.MULTILINE | re.DOTALL)


def missing(text: str) -> list[str]:
    """Tests that a text names and that are not there."""
    return [f"{file}::{name}" for file, name in TEST.findall(text) if name not in functions(ROOT / file)]


def functions(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    return {node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_there_are_ten_promises_each_with_a_test() -> None:
    promises = PROMISE.findall(PRIVACY)
    assert [number for number, _ in promises] == [str(k) for k in range(1, 11)]
    assert [number for number, text in promises if not TEST.search(text)] == []


def test_every_test_that_is_named_is_there() -> None:
    assert missing(PRIVACY) == []
    files = re.findall(r"`(tests/[\w/]+\.py)`", SECURITY)
    assert len(files) > 5 and [file for file in files if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("name", ["tests/test_promises.py::test_nobody_wrote", "tests/nowhere.py::test_a"])
def test_a_test_that_is_not_there_is_noticed(name: str) -> None:
    assert missing(f"`{name}`") == [name]


def test_the_readme_links_to_both() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "(PRIVACY.md)" in readme and "(SECURITY.md)" in readme
