"""Errors hold sentences: a text that cannot be translated is found where it is raised."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from pipelines.language.sentence import Sentence
from pipelines.paths import ROOT

ERRORS = {"UserError", "PhotoError", "PictureLost", "Busy", "NotMade", "OutOfMemory", "Refused"}
ENGLISH = (
    "argument_parser.py",  # the command line, which speaks English
    "cli.py",
    "deploy",
    "team",
    "page/server.py",
    "page/lifecycle",
    "page/observation",
    "page/mcp",  # programs, whose users read what the program makes of it
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


def unfilled(source: str, names: Mapping[str, Any]) -> Iterator[str]:
    """Sentences, with their lines, that are given other values than their fields; `names` are those of the module."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
            continue
        given = {keyword.arg for keyword in node.keywords}
        root = ast.unparse(node.func.value).partition(".")[0]
        sentence = eval(ast.unparse(node.func.value), dict(names)) if root in names and None not in given else None
        if isinstance(sentence, Sentence):
            wanted = {name for _, name, _, _ in Formatter().parse(sentence.template) if name} - sentence.values.keys()
            if wanted != given:
                yield f"{node.lineno}: {sentence.template}"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_error_that_people_see_on_the_page_holds_a_sentence(file: Path) -> None:
    source = file.read_text("utf-8")
    if not any(f"{error}(" in source for error in ERRORS):
        return
    name = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    assert list(plain(source, vars(import_module(name)))) == []


FILLED = [file for file in MODULES if ".format(" in file.read_text("utf-8")]


@pytest.mark.parametrize("file", FILLED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_field_of_a_sentence_is_filled_in(file: Path) -> None:
    name = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    assert list(unfilled(file.read_text("utf-8"), vars(import_module(name)))) == []


def test_a_field_that_is_not_filled_in_is_found() -> None:
    source = "SAID.format(a=1, b=2)\nSAID.format(a=1)\nSAID.format(a=1, b=2, c=3)\nSAID.format(**more)\nother.format(1)"
    found = list(unfilled(source, {"SAID": Sentence("Said {a} {b:.2f}.")}))
    assert [line.split(":")[0] for line in found] == ["2", "3"]


def test_a_text_that_is_no_sentence_is_found() -> None:
    source = "\n".join(
        f"raise UserError({message})" for message in ("'a'", "f'{b}'", "PLAIN", "SAID", "PLAIN.format()")
    )
    source += "\nraise Refused(400, SAID if b else PLAIN)\nraise PhotoError(SAID.format(b=1))"
    found = list(plain(source, {"PLAIN": "Plain.", "SAID": Sentence("Said.")}))
    assert [line.split(":")[0] for line in found] == ["1", "2", "3", "5", "6"]


@pytest.mark.parametrize("file", [file for file in MODULES if file.name == "texts.py"], ids=str)
def test_every_text_of_the_page_is_a_sentence(file: Path) -> None:
    module = import_module(file.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."))
    texts = [value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)]
    english = file.parent.name == "calls"  # the description of the API, as its names are
    assert texts and all(isinstance(text, Sentence) for text in texts) is not english
