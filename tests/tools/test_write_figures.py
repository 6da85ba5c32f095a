"""The documents say what was measured: every figure comes from the record, and a changed one is noticed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.common import figures
from pipelines.engine_table import ENGINES
from tools import engines_table, write_figures
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


# The engine table


def rows_of_the_engine_table(entries: dict[str, Any], **engines: Any) -> list[list[str]]:
    rows, _ = engines_table.engines_table(entries, engines or ENGINES)
    return [[*row] for row in rows]


def test_the_readme_has_a_row_for_every_engine() -> None:
    (block,) = (match[0] for match in BLOCK.finditer(DOCUMENTS[0].read_text("utf-8")) if match[1] == "engines")
    cells = [line.split(" | ") for line in block.splitlines() if line.startswith("| `")]
    assert [row[0] for row in cells] == [f"| `{engine}`" for engine in ENGINES]
    assert {len(row) for row in cells} == {len(engines_table.HEADS)}


def test_a_changed_row_of_the_engine_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(ENGINES["sdxl"], memory_gb=13)
    monkeypatch.setattr(
        write_figures,
        "engines_table",
        lambda entries: engines_table.engines_table(entries, {**ENGINES, "sdxl": changed}),
    )
    assert main(["--check"]) == 1


def test_a_row_that_nobody_has_written_yet_is_taken_as_it_is() -> None:
    spec = replace(ENGINES["sdxl"], id="new", about="A new one.", commercial_use="ask", memory_gb=3.5)
    _, row = rows_of_the_engine_table(figures.read(), new=spec)
    assert row[:3] == ["`new`", "A new one.", "conditional"]
    assert row[3] == rows_of_the_engine_table(figures.read(), sdxl=ENGINES["sdxl"])[1][3]
    assert row[4:] == ["3.5 GB of GPU memory, slower with less", "not measured"]


def test_a_speed_is_said_with_where_it_was_measured_the_gpu_first() -> None:
    entries = figures.read()
    entries["engines_cpu_sdxl"] = {"figures": {"seconds": 61.23}}
    assert rows_of_the_engine_table(entries, sdxl=ENGINES["sdxl"])[1][5] == "61 s on the CPU"
    entries["engines_gpu_sdxl"] = {"figures": {"seconds": 4.567}}
    assert rows_of_the_engine_table(entries, sdxl=ENGINES["sdxl"])[1][5] == "4.6 s on a GPU"
    _, sources = engines_table.engines_table(entries, {"sdxl": ENGINES["sdxl"]})
    assert sources == ["engines_gpu_sdxl"]


def test_a_speed_of_one_pass_is_not_said_to_be_that_of_two() -> None:
    entries = figures.read() | {"engines_gpu_sd15": {"figures": {"seconds": 2.0}}}
    assert ENGINES["sd15"].second_pass is not None
    assert (
        rows_of_the_engine_table(entries, sd15=ENGINES["sd15"])[1][5] == "2 s on a GPU, the first of two passes, square"
    )
    entries["engines_gpu_sd15"]["figures"]["both_passes_seconds"] = 5.5
    said = rows_of_the_engine_table(entries, sd15=ENGINES["sd15"])[1][5]
    assert said == "5.5 s on a GPU, 2 s without the second pass, square"
    entries["engines_gpu_sd15"]["figures"]["both_passes_seconds"] = 627.4
    assert rows_of_the_engine_table(entries, sd15=ENGINES["sd15"])[1][5].startswith("630 s on a GPU")


def test_the_size_counts_what_a_few_step_row_loads_besides() -> None:
    (_, many), (_, few) = (rows_of_the_engine_table(figures.read(), x=ENGINES[name]) for name in ("sdxl", "sdxl-lcm"))
    assert float(few[3].removesuffix(" GB")) == pytest.approx(float(many[3].removesuffix(" GB")) + 0.39, abs=0.06)
