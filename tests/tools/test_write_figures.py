"""The documents say what was measured: every figure comes from the record, and a changed one is noticed."""

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.common import figures
from tools.write_figures import BLOCK, DOCUMENTS, INLINE, TABLES, FigureError, main, write

ENTRIES: dict[str, Any] = {"turn": {"figures": {"left": 0.236, "heads": 90, "lost": None}}}
NAMES = [document.parent.name for document in DOCUMENTS]


def test_the_documents_say_what_was_measured() -> None:
    assert main(["--check"]) == 0, "Run: python -m tools.write_figures"


@pytest.fixture(params=DOCUMENTS, ids=NAMES)
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = tmp_path / "README.md"
    copy.write_text(request.param.read_text("utf-8"), "utf-8")
    return copy


def test_a_figure_changed_by_hand_in_a_table_is_noticed_and_set_right(copy: Path) -> None:
    text = copy.read_text("utf-8")
    changed = text.replace("| a face in the picture | 4", "| a face in the picture | 5")
    assert changed != text
    copy.write_text(changed, "utf-8")
    assert main(["--check", str(copy)]) == 1
    assert copy.read_text("utf-8") == changed, "a check changes nothing"
    assert main([str(copy)]) == 0
    assert copy.read_text("utf-8") == text


def test_every_figure_changed_by_hand_in_a_sentence_is_noticed(copy: Path) -> None:
    text = copy.read_text("utf-8")
    places = list(INLINE.finditer(text))
    assert places
    for place in places:
        copy.write_text(f"{text[: place.start(2)]}9{place[2]}{text[place.end(2) :]}", "utf-8")
        assert main(["--check", str(copy)]) == 1, place[1]


def test_a_figure_measured_anew_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = figures.read()
    entries["likeness"]["figures"]["cosine_to_selfie"] += 0.1
    monkeypatch.setattr(figures, "read", lambda: entries)
    assert main(["--check"]) == 1


def test_what_stands_around_the_figures_is_left_as_it_is(copy: Path) -> None:
    text = copy.read_text("utf-8")
    prose = INLINE.sub("", BLOCK.sub("", write(text, figures.read())))
    assert prose == INLINE.sub("", BLOCK.sub("", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_a_table_of_figures_stands_nowhere_but_in_a_block(document: Path) -> None:
    outside = BLOCK.sub("", document.read_text("utf-8"))
    labels = [label for rows in TABLES.values() for label, _ in rows[1:] if "{" not in label]
    assert labels
    assert not [label for label in labels if f"| {label} |" in outside]


def test_a_block_that_is_not_closed_does_not_swallow_the_next_one() -> None:
    text = "<!--figures:likeness-->\nprose that must stay\n<!--figures:speed-->\n<!--/figures-->"
    with pytest.raises(FigureError, match="not closed"):
        write(text, figures.read())


def test_a_sentence_gets_its_figure() -> None:
    marked = "by <!--{turn[left]:.2f}-->?<!--/--> to the left, <!--{turn[heads]}--><!--/--> heads"
    shown = re.sub("<!--.*?-->", "", write(marked, ENTRIES))
    assert shown == "by 0.24 to the left, 90 heads"


@pytest.mark.parametrize(
    "text",
    [
        "a <!--{turn[right]:.2f}-->1<!--/-->",  # never measured
        "a <!--{jump[left]:.2f}-->1<!--/-->",
        "a <!--{turn[lost]:.2f}-->1<!--/-->",  # measured, and no number
        "a <!--{turn[left]:.2q}-->1<!--/-->",
        "<!--figures:unknown-->\n<!--/figures-->",
        "a <!--{turn[left]:.2f}-->1",  # not closed
        "a 1<!--/--> b",
        "<!--figures:likeness-->\n| a | b |",
        "a\n<!--{turn[left]:.2f}-->1<!--/--> b",  # Markdown takes a line that begins so for HTML
    ],
)
def test_a_mark_that_cannot_be_filled_is_an_error(text: str) -> None:
    with pytest.raises(FigureError):
        write(text, ENTRIES)
