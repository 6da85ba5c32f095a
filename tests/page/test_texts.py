"""Everything that people read on the page stands in one module, so that it can be translated there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from pipelines.looks.fields import FIELDS
from pipelines.page import markup, texts
from pipelines.page.controls import SLIDERS
from pipelines.page.doors.calls import texts as api_texts
from pipelines.paths import ROOT
from pipelines.settings import MAX_PHOTOS

PAGE = ROOT / "pipelines" / "page"
MODULES = [ROOT / "app.py", *(file for file in PAGE.rglob("*.py") if file.name != "texts.py")]
SENTENCE = re.compile(r"(?=.*\S\s+\S)(?=.*[A-Z.])", re.DOTALL)  # two words, with a capital letter or a full stop
CSS = re.compile(r"[\w-]+: [^;]+;|^[.#@][\w-]+[ :]|^url\(")
NO_SENTENCES = {"Segoe UI", "python app.py"}  # a font and a command


def literals(file: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module with their lines, but for docstrings; an f-string as its fixed parts."""
    tree = ast.parse(file.read_text("utf-8"))
    documents = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            yield node.lineno, "{}".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents:
            yield node.lineno, node.value


def is_sentence(text: str) -> bool:
    return bool(SENTENCE.search(text)) and not CSS.search(text) and text not in NO_SENTENCES


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_sentence_stands_outside_the_texts(file: Path) -> None:
    assert [f"{line}: {text}" for line, text in literals(file) if is_sentence(text)] == []


def test_sentences_are_told_from_other_strings() -> None:
    assert is_sentence("Your photos") and is_sentence("add a photo first.")
    assert not any(is_sentence(text) for text in ("headshot", "api_name", "font-family: Inter;", "photo row"))


@pytest.mark.parametrize("file", sorted(markup.TEMPLATES.iterdir()), ids=lambda file: file.name)
def test_no_template_holds_words(file: Path) -> None:
    without = re.sub(r"{[{%].*?[%}]}|<[^>]*>", " ", file.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]{2,}", without) == []


def test_the_style_sheet_holds_no_words() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (PAGE / "style.css").read_text("utf-8"), flags=re.DOTALL)
    assert not re.findall(r'content: "[^"]*[A-Za-z]', sheet)


def test_the_number_of_photos_is_written_once() -> None:
    source = (PAGE / "texts.py").read_text("utf-8")
    assert not re.findall(rf"\b(?:{MAX_PHOTOS}|six) (?:photos|files|of one)|1 to {MAX_PHOTOS}\b", source)
    assert f"1 to {MAX_PHOTOS}" in texts.PHOTOS_LABEL and f"1 to {MAX_PHOTOS}" in api_texts.API_CHECK_PHOTOS


def test_every_text_can_be_filled_in() -> None:
    for name, text in vars(texts).items():
        if isinstance(text, str) and name.isupper():
            assert all(field is None or field.isidentifier() for _, field, _, _ in Formatter().parse(text)), name


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_fields_and_settings_are_declared_elsewhere(file: Path) -> None:
    """The seed has a control of its own; every other name comes from the tables."""
    tree = ast.parse(file.read_text("utf-8"))
    strings = {text for _, text in literals(file)}
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg | ast.keyword)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not (strings | parameters | attributes) & {*FIELDS, *SLIDERS}
