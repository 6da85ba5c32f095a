"""Errors hold sentences: a text that cannot be translated is found where it is raised."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipelines.language.sentence import Sentence
from pipelines.paths import ROOT

ERRORS = {"UserError", "PhotoError", "PictureLost", "Busy", "NotMade", "OutOfMemory", "Refused"}
ENGLISH = (
    "argument_parser.py",  # the command line, which speaks English
    "cli.py",
    "page/server.py",
    "page/lifecycle",
    "provenance/signature.py",  # the host's certificate, read when a server starts
    "paths.py",  # files of the project that are damaged: whoever runs it mends them
    "runtime/verified_files.py",
    "faces/recognisers.py",
    "looks/preset.py",  # faults in a look's file, for whoever writes it
    "engines/loading.py",  # weights, with commands for a terminal
    "weights",
)
"""Modules whose errors are read by whoever runs a server or writes a look; they are English."""
MODULES = [
    file
    for file in sorted((ROOT / "pipelines").rglob("*.py"))
    if not str(file.relative_to(ROOT / "pipelines")).startswith(ENGLISH)
]


def plain(source: str, names: Mapping[str, Any]) -> Iterator[str]:
    """Messages of errors that are no sentences, with their lines; `names` are those of the module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            message = node.args[1 if node.func.id == "Refused" else 0]
            if not _may_be_sentence(message, names):
                yield f"{node.lineno}: {ast.unparse(message)}"


def _may_be_sentence(message: ast.expr, names: Mapping[str, Any]) -> bool:
    """False for a literal, and for a constant that is no sentence; what a function hands over may be one."""
    if isinstance(message, ast.Constant | ast.JoinedStr):
        return False
    if isinstance(message, ast.IfExp):
        return _may_be_sentence(message.body, names) and _may_be_sentence(message.orelse, names)
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute) and message.func.attr == "format":
        return _may_be_sentence(message.func.value, names)
    root = message
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and root.id in names:
        value = eval(ast.unparse(message), dict(names))  # a constant such as texts.NO_PHOTO
        return isinstance(value, Sentence)
    return True


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_error_that_people_see_on_the_page_holds_a_sentence(file: Path) -> None:
    source = file.read_text("utf-8")
    if not any(f"{error}(" in source for error in ERRORS):
        return
    name = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    assert list(plain(source, vars(import_module(name)))) == []


def test_a_text_that_is_no_sentence_is_found() -> None:
    source = "\n".join(
        f"raise UserError({message})" for message in ("'a'", "f'{b}'", "PLAIN", "SAID", "PLAIN.format()")
    )
    source += "\nraise Refused(400, SAID if b else PLAIN)\nraise PhotoError(SAID.format(b=1))"
    found = list(plain(source, {"PLAIN": "Plain.", "SAID": Sentence("Said.")}))
    assert [line.split(":")[0] for line in found] == ["1", "2", "3", "5", "6"]
