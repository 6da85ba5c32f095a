"""Tables as programs write them: every encoding and separator of a spreadsheet, and slips of the pen."""

from pathlib import Path

import pytest

from pipelines.errors import UserError
from pipelines.team.table import LONGEST_CELL, Table, read_table
from pipelines.team.tasks import COLUMNS


def table(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Table:
    file = folder / "people.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_table(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheets_table_is_read_whatever_it_is_written_in(encoding: str, separator: str, tmp_path: Path) -> None:
    lines = [["Name", " Photos", "Negative Words"], ["Jürgen Groß", "a.jpg", f'"x{separator} y"'], ["", "", ""]]
    read = table(tmp_path, "\r\n".join(separator.join(line) for line in lines), encoding)
    assert read.columns == ("name", "photos", "negative_words")
    assert [dict(row.cells) for row in read.rows] == [
        {"name": "Jürgen Groß", "photos": "a.jpg", "negative_words": f"x{separator} y"}
    ]


def test_excels_line_that_names_the_separator_is_no_row(tmp_path: Path) -> None:
    read = table(tmp_path, "sep=;\r\nname;photos\r\nAda;a.jpg,b.jpg\r\n")
    assert [row.cells["photos"] for row in read.rows] == ["a.jpg,b.jpg"]


def test_photos_may_be_separated_by_what_separates_cells_if_quoted(tmp_path: Path) -> None:
    assert table(tmp_path, 'name;photos\nAda;"a.jpg;b.jpg"\n').rows[0].cells["photos"] == "a.jpg;b.jpg"


def test_a_row_that_is_too_long_is_at_fault_and_one_that_is_too_short_is_not(tmp_path: Path) -> None:
    long, short = table(tmp_path, "name,photos,look\nAda,a.jpg,b.jpg,cv\nBob,b.jpg\n").rows
    assert long.fault is not None and "more cells" in long.fault
    assert short.fault is None and short.cells == {"name": "Bob", "photos": "b.jpg", "look": ""}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"name,photos\n", "no rows"),
        (b"name,photos,name\nAda,a.jpg,b\n", "column name is there twice"),
        (b'name,photos\n"Ada,a.jpg\n', "is damaged"),
        (b"name,photos\nAda," + b"a" * (LONGEST_CELL + 1), "in one cell"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not text"),
    ],
)
def test_a_file_without_a_table_is_refused_with_a_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        table(tmp_path, content)
    with pytest.raises(UserError, match="cannot be read"):
        read_table(tmp_path / "missing.csv")


def test_a_column_that_looks_like_a_setting_is_no_silent_column(tmp_path: Path) -> None:
    read = table(tmp_path, "name,photos,wardobe,department,floor\nAda,a.jpg,blazer,Sales,2\n")
    with pytest.raises(UserError, match=r"wardobe\. Did you mean wardrobe"):
        read.require(COLUMNS, ())
    read = table(tmp_path, "name,photos,department,floor\nAda,a.jpg,Sales,2\n")
    assert read.require(COLUMNS, {"floor"}) == ["department"]
