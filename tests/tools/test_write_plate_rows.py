"""Rows of the rendered garments are written by a command, and are those of the files."""

from pathlib import Path

from tools.write_plate_rows import FIRST, LAST, main, with_rows

HASH = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of hello


def test_the_rows_in_the_table_are_those_of_the_files():
    assert main(["--check"]) == 0


def test_a_plate_gets_a_row_and_the_rest_stays(tmp_path: Path):
    plate = tmp_path / "suit-tie-male-average-right.plate"
    plate.write_bytes(b"hello")
    table = f"# before\n{FIRST}old\n{LAST}# after\n"
    new = with_rows(table, [plate])
    assert new.startswith("# before\n")
    assert new.endswith("# after\n")
    assert "old" not in new
    assert f'sha256 = "{HASH}"' in new
    assert "size = 5\n" in new
    assert 'purpose = "rendered garment: suit-tie, male cut, turned right"' in new
