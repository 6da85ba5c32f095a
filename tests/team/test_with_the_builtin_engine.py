"""A team with the real engine: the command line, a worker, and a picture as if it was run alone."""

import shutil
from pathlib import Path

import pytest

from pipelines import Request, Studio, cli
from pipelines.provenance.save import read_recipe
from tests.conftest import folder_of

pytestmark = pytest.mark.slow


def test_a_team_gets_what_each_would_have_got_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    selfie = folder_of("openpeople") / "data/curated/P001/assets/amateur_selfie.jpg"
    shutil.copy(selfie, tmp_path / "1.jpg")
    table, out = tmp_path / "people.csv", tmp_path / "out"
    table.write_text("first;last;photos;seed\nAda;Müller;1.jpg;7\nCy;Ko;people.csv;\n", "cp1252")
    words = ["--out", str(out), "--look", "cv", "--count", "1", "--workers", "1", "--engine", "builtin"]
    assert cli.main(["team", str(table), *words]) == 0
    assert "1 made, 0 already there, 1 refused" in capsys.readouterr().out
    picture = out / "Ada-Müller" / "001_Müller_Ada_cv.png"
    assert read_recipe(picture).look == "cv"
    alone = Request(photos=[selfie], look="cv", seed=7, count=1, out=tmp_path / "alone")
    (same,) = Studio.load("builtin").headshots(alone, previews=False)
    assert same.path.read_bytes() == picture.read_bytes()
