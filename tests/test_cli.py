"""The command line: what it prints, where it puts files, and how it says no."""

import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines import cli as cli
from pipelines.engine_table import ENGINES
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.paths import ROOT
from pipelines.provenance.save import read_recipe
from pipelines.settings import SETTINGS
from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine

pytestmark = pytest.mark.slow

OPENPEOPLE = find_spec("openpeople")
assert OPENPEOPLE is not None and OPENPEOPLE.origin is not None
SELFIE = str(Path(OPENPEOPLE.origin).parent / "data/curated/P001/assets/amateur_selfie.jpg")


@pytest.fixture(scope="module")
def _loaded() -> Studio:
    return Studio(FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def studio(_loaded: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """Studio that the command line loads, with an engine that draws in milliseconds."""
    asked: list[str] = []

    def loaded(engine: str = "auto", *, wait: bool = True) -> Studio:
        asked.append(engine)
        return _loaded

    monkeypatch.setattr(Studio, "load", loaded)
    _loaded.asked = asked  # type: ignore[attr-defined]
    return _loaded


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line on stderr."""
    assert cli.main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.strip()


def test_four_headshots_and_a_table(studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = f"{SELFIE} --look corporate --count 4 --seed 7 --out {tmp_path}"
    assert cli.main(words.split()) == 0
    names = [f"headshot-corporate-{seed}.png" for seed in (10, 7, 8, 9)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    printed = capsys.readouterr().out
    for seed in (7, 8, 9, 10):
        assert re.search(rf"headshot-corporate-{seed}\.png +{seed} +[01]\.\d\d +\S", printed)
    assert printed.startswith("file ")
    assert "- Some pictures wear men's clothes and some women's" in printed


def test_every_field_word_and_slider_reaches_the_picture(studio: Studio, tmp_path: Path):
    words = [
        SELFIE,
        "--look",
        "startup",
        "--count",
        "1",
        "--format",
        "jpeg",
        "--size",
        "linkedin",
        "--out",
        str(tmp_path),
    ]
    words += ["--backdrop", "black", "--wardrobe", "blazer", "--light", "from-left", "--expression", "serious"]
    words += ["--colour", "forest", "--tie", "striped", "--tie-colour", "silver", "--shirt-colour", "white"]
    words += ["--cut", "womens", "--build", "slim", "--framing", "wide", "--torso", "left", "--tilt", "none"]
    words += ["--crop", "tight", "--words", "turned left", "--negative-words", "busy background", "--face", "1"]
    words += [
        "--identity-strength",
        "0.8",
        "--structure",
        "0.5",
        "--guidance-scale",
        "3",
        "--steps",
        "6",
        "--seed",
        "5",
    ]
    assert cli.main(words) == 0
    recipe = read_recipe(tmp_path / "headshot-startup-5.jpg")
    fields = (recipe.backdrop, recipe.wardrobe, recipe.light, recipe.expression, recipe.crop)
    assert fields == ("black", "blazer", "from-left", "serious", "tight")
    assert (recipe.colour, recipe.tie, recipe.tie_colour, recipe.shirt_colour) == (
        "forest",
        "striped",
        "silver",
        "white",
    )
    assert (recipe.cut, recipe.build, recipe.framing, recipe.torso, recipe.tilt) == (
        "womens",
        "slim",
        "wide",
        "left",
        "none",
    )
    assert (recipe.words, recipe.negative_words) == ("turned left", "busy background")
    assert (recipe.identity_strength, recipe.structure, recipe.guidance_scale, recipe.steps) == (0.8, 0.5, 3.0, 6)
    assert (tmp_path / "headshot-startup-5-linkedin.jpg").stat().st_size > 1000


def test_the_settings_of_a_picture_can_be_used_again_and_changed(studio: Studio, tmp_path: Path):
    first, second = tmp_path / "1", tmp_path / "2"
    assert cli.main([SELFIE, "--look", "speaker", "--seed", "3", "--count", "1", "--out", str(first)]) == 0
    picture = str(first / "headshot-speaker-3.png")
    assert cli.main([SELFIE, "--recipe", picture, "--out", str(second)]) == 0
    assert (second / "headshot-speaker-3.png").read_bytes() == (first / "headshot-speaker-3.png").read_bytes()
    assert studio.asked[-1] == "fake"  # type: ignore[attr-defined]
    assert cli.main([SELFIE, "--recipe", picture, "--seed", "4", "--engine", "auto", "--out", str(second)]) == 0
    assert (second / "headshot-speaker-4.png").exists()
    assert studio.asked[-1] == "auto"  # type: ignore[attr-defined]


def test_photos_are_found_whatever_they_are_called(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Names that begin with a hyphen, patterns on consoles that leave them as they are, and brackets in a name."""
    content = Path(SELFIE).read_bytes()
    for name in ("-selfie.jpg", "a.jpg", "b.jpg", "[1].jpg"):
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    options = ["--count", "1", "--out", "made"]
    assert cli.main([*options, "--", "-selfie.jpg"]) == 0
    assert cli.main(["[1].jpg", *options]) == 0
    assert vars(cli.parse(["?.jpg", *options]))["photos"] == ["a.jpg", "b.jpg"]
    assert cli.main(["?.jpg", *options]) == 0
    assert len(list((tmp_path / "made").iterdir())) == 3


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_pictures_may_be_read_by_whom_the_umask_allows(
    kind: str, umask: int, mode: int, studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    before = os.umask(umask)
    try:
        words = [SELFIE, "--count", "1", "--format", kind, "--size", "linkedin", "--out", str(tmp_path / "out")]
        assert cli.main(words) == 0
    finally:
        os.umask(before)
    modes = [file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()]
    assert modes == [mode] * 2


def test_it_starts_from_any_folder(tmp_path: Path):
    shell = subprocess.run(
        [sys.executable, str(ROOT / "pipelines"), "--list-looks"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (shell.returncode, shell.stderr) == (0, "") and "corporate" in shell.stdout


def test_the_installation_can_be_checked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    import torch

    assert cli.main(["--check-install"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"PyTorch {torch.__version__.partition('+')[0]}, ")
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["--check-install"]) == 0
    assert "build for CUDA 12.8, but no GPU is here: the build for the CPU does the same" in capsys.readouterr().out


def test_all_looks_are_listed(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--list-looks"]) == 0
    printed = capsys.readouterr().out
    for look in load_looks().values():
        assert re.search(rf"^{look.id} +{re.escape(look.title)} +{re.escape(look.description)}$", printed, re.M)


def test_all_engines_are_listed_with_their_licences(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["weights"]) == 0
    printed = capsys.readouterr().out
    for spec in ENGINES.values():
        assert spec.id in printed and spec.licence in printed


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    for name in (*FIELDS, *SETTINGS):
        assert f"--{name.replace('_', '-')}" in printed
    for choices in FIELDS.values():
        assert all(choice in printed for choice in choices)
    assert "team" in printed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Name at least one photo: python -m pipelines selfie.jpg."),
        (["nothing-like-*.jpg"], "There is no file like nothing-like-*.jpg."),
        (["team"], "The following arguments are required: TABLE, --out."),
        ([SELFIE, "--steps", "many"], "Argument --steps: invalid number value: 'many'."),
        ([SELFIE, "--steps", "1000000000"], "Steps must be a whole number from 4 to 60."),
        ([SELFIE, "--structure", "nan"], "Structure must be a number from"),
        ([SELFIE, "--seed", "-1"], "The seed must be a whole number from 0 to 4294967295."),
        ([SELFIE, "--count", "9"], "The number of pictures must be a whole number from 1 to 8."),
        ([SELFIE, "--format", "gif"], "The format must be one of: png, jpeg."),
        ([SELFIE] * 7, "Choose 1 to 6 photos of one person; you chose 7."),
        ([SELFIE, "--hat", "red"], "Unrecognized arguments: --hat red."),
        ([SELFIE, "--recipe", SELFIE], "This picture holds no recipe."),
    ],
    ids=lambda given: str(given)[-40:],
)
def test_what_cannot_be_done_is_one_sentence_before_anything_loads(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Studio, "load", lambda engine: pytest.fail("it was loaded"))
    assert refused(capsys, *words).startswith(sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no-such-photo.jpg"], "The file is not there."),
        ([str(Path(SELFIE).parent)], "This is a folder, not a photo. Name the photos inside it"),
        ([SELFIE, "--look", "nice"], 'There is no look called "nice".'),
        ([SELFIE, "--backdrop", "beach"], 'There is no backdrop called "beach".'),
        ([SELFIE, "--size", "billboard"], "There is no such size."),
        ([SELFIE, "--face", "3"], ""),
        ([SELFIE, "--engine", "sd15", "--words", "naked"], "This studio makes headshots of people with their clothes"),
    ],
    ids=lambda given: str(given)[-40:],
)
def test_what_a_run_refuses_is_one_sentence(
    words: list[str], sentence: str, studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main([*words, "--out", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    said = printed.err.splitlines()[-1]
    assert said.startswith(sentence) and "Traceback" not in printed.err
    assert printed.out == "" and list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_the_run_and_leaves_nothing(
    studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    before = signal.getsignal(signal.SIGINT)
    picture = FakeEngine._picture

    def interrupted(engine: FakeEngine, seed: int):
        if seed == 8:
            os.kill(os.getpid(), signal.SIGINT)
        return picture(engine, seed)

    monkeypatch.setattr(FakeEngine, "_picture", interrupted)
    assert cli.main([SELFIE, "--seed", "7", "--count", "3", "--out", str(tmp_path / "new")]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Cancelled; nothing was kept."
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_whoever_is_refused_does_not_wait_for_the_engine(tmp_path: Path):
    code = """
import runpy, sys, threading
from pipelines.engines import background_load
background_load.load_engine = lambda engine_id: threading.Event().wait()  # forever
runpy.run_module("pipelines", run_name="__main__")
"""
    photo = tmp_path / "photo.jpg"
    photo.write_text("no photo")
    words = [str(photo), "--engine", "builtin", "--out", str(tmp_path / "new")]
    shell = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert shell.returncode == 2
    assert "This is not a JPEG" in shell.stderr
    assert not (tmp_path / "new").exists()


def test_it_starts_from_a_shell():
    shell = subprocess.run(
        [sys.executable, "-m", "pipelines", "nowhere.jpg", "--steps", "0"], capture_output=True, text=True, cwd=ROOT
    )
    assert (shell.returncode, shell.stdout) == (2, "")
    assert shell.stderr == "Steps must be a whole number from 4 to 60.\n"
