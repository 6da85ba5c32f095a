"""The report: one file with everything in it, safe whatever people are called, and a list to send back."""

import csv
import re
from pathlib import Path

import pytest

from pipelines.provenance.save import is_marked
from pipelines.team import report as report_module
from pipelines.team.outcome import Outcome
from pipelines.team.progress import Progress, spoken
from tests.support.team_run import main

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def out(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run with three good rows of five."""
    table = people.with_name("team.csv")
    rows = [
        f'"{HOSTILE}",1.png,cv',
        "Bob,2.png;3.png,actor",
        "=1+1,none.png,",
        '"Carl ""C""",4.png,nolook',
        "Dan,5.png,",
    ]
    table.write_text("\n".join(["name,photos,look", *rows]), "utf-8")
    folder = tmp_path_factory.mktemp("report") / "out"
    assert main([str(table), "--out", str(folder), "--count", "2", "--seed", "7"]) == 0
    return folder


def test_a_report_has_every_picture_likeness_warning_and_refusal(out: Path) -> None:
    page = (out / "team-report.html").read_text("utf-8")
    assert "5 rows: 3 with pictures, 2 refused, 0 not done yet." in page
    assert len(re.findall(r'<img src="data:image/jpeg;base64,', page)) == 6
    assert page.count("likeness 0.60 (usual: 0.53 to 0.68). As alike as two shots of one person.") == 6
    assert page.count("<li>It is a tint.</li>") == 3
    assert "The file is not there." in page and "There is no look called" in page


def test_a_report_loads_nothing_and_runs_nothing(out: Path) -> None:
    page = (out / "team-report.html").read_text("utf-8")
    assert HOSTILE not in page and "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page) and "url(" not in page and "<script" not in page


def test_thumbnails_are_marked_as_made_by_ai(out: Path) -> None:
    import base64

    found = re.findall(r"data:image/jpeg;base64,([^\"]+)", (out / "team-report.html").read_text("utf-8"))
    assert all(is_marked(base64.b64decode(one)) for one in found)


def test_the_list_to_send_back_opens_in_a_spreadsheet_that_computes_nothing(out: Path) -> None:
    text = (out / "team-refused.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(text.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["row", "name", "photos", "reason"]
    assert [row[:3] for row in rows[1:]] == [["3", "'=1+1", "none.png"], ["4", 'Carl "C"', "4.png"]]


def test_a_long_report_comes_in_pages(out: Path, people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "PEOPLE_ON_A_PAGE", 2)
    words = [str(people.with_name("team.csv")), "--out", str(out), "--count", "2", "--seed", "7"]
    assert main(words) == 0
    first, second = ((out / name).read_text("utf-8") for name in ("team-report.html", "team-report-2.html"))
    assert first.count("<img") == 4 and second.count("<img") == 2
    assert 'href="team-report-2.html"' in first and "nolook" not in second


def test_files_are_for_whom_the_umask_allows(people: Path, tmp_path: Path) -> None:
    import os
    import stat

    before = os.umask(0o027)
    try:
        assert main([str(people.with_name("team.csv")), "--out", str(tmp_path / "out"), "--seed", "7"]) == 0
    finally:
        os.umask(before)
    entries = [entry for entry in (tmp_path / "out").rglob("*") if ".working" not in entry.parts]
    modes = {(entry.is_dir(), stat.S_IMODE(entry.stat().st_mode)) for entry in entries}
    assert modes == {(True, 0o750), (False, 0o640)}


# Progress


def test_the_time_left_comes_from_rows_that_were_worked_on() -> None:
    now = [0.0]
    progress = Progress(total=10, refused=1, clock=lambda: now[0])
    progress.add(Outcome(number=1, state="kept"))
    assert progress.seconds_left is None
    now[0] = 8.0
    for number in (2, 3):
        progress.add(Outcome(number=number, state="made"))
    progress.add(Outcome(number=4, state="refused"))
    assert progress.done == 5
    assert progress.seconds_left == pytest.approx(5 * 8 / 3)
    assert [spoken(seconds) for seconds in (40, 600, 9000)] == ["40 s", "10 min", "2 h"]
