"""The parts of the likeness benchmark count what they say they count."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.common.judges import DlibJudge
from benchmarks.common.npm_packages import NoPackage
from benchmarks.likeness.bench import Bench
from benchmarks.likeness.contact_sheet import Sheet
from benchmarks.likeness.headshots import NOBODY, hair_lightness, judge
from benchmarks.likeness.people import selfies
from benchmarks.likeness.real import npm_photos, real
from benchmarks.likeness.seeds_and_words import contrary
from pipelines.errors import UserError
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.matting.head_parser import HeadParser
from pipelines.request import Request
from tests.conftest import Person, folder_of


def bench_of(headshots: Any) -> Bench:
    """A bench whose studio makes these headshots, without models and people."""
    bench = object.__new__(Bench)
    bench.studio = SimpleNamespace(headshots=headshots)  # type: ignore[assignment]
    return bench


def test_a_picture_that_was_drawn_again_with_another_seed_counts_as_no_picture() -> None:
    def headshots(request: Request, **_: Any) -> list[Any]:
        assert (request.seed, request.count) == (7, 4)
        return [SimpleNamespace(seed=seed, image=np.full((2, 2, 3), seed, np.uint8)) for seed in (11, 9, 7, 10)]

    made = bench_of(headshots).headshots(selfies()[0])
    assert made.keys() == {7, 9, 10}
    assert all((image == seed).all() for seed, image in made.items())


def test_a_photo_that_the_product_refuses_gives_no_picture() -> None:
    def headshots(request: Request, **_: Any) -> list[Any]:
        raise UserError("This photo will not do.")

    assert bench_of(headshots).headshots(selfies()[0]) == {}


def test_no_picture_and_a_picture_without_a_face_are_nobody() -> None:
    bench = bench_of(None)
    bench.analyser = SimpleNamespace(analyse=lambda image: [])  # type: ignore[assignment]
    nobody: Any = None
    assert judge(bench, nobody, None, nobody) == judge(bench, nobody, np.zeros((8, 8, 3), np.uint8), nobody) == NOBODY
    assert not NOBODY["face"] and NOBODY["cosine_selfie"] == 0 and NOBODY["dlib_selfie"] == pytest.approx(np.inf)


def test_the_word_that_contradicts_the_selfie_is_the_one_that_has_to_win() -> None:
    def person(nose: float) -> Any:
        landmarks = np.array([[160, 200], [240, 200], [nose, 250], [170, 300], [230, 300]], np.float32)
        best = SimpleNamespace(face=SimpleNamespace(landmarks=landmarks))
        return SimpleNamespace(selfie=np.zeros((400, 400, 3), np.uint8), identity=SimpleNamespace(best=best))

    assert contrary("turned-right", "turned-left", person(nose=180)) == "turned-right"
    assert contrary("turned-right", "turned-left", person(nose=225)) == "turned-left"


@pytest.mark.slow
def test_of_real_people_those_pictures_count_in_which_dlib_sees_them(
    analyser: FaceAnalyser, astronaut: np.ndarray, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [("Eileen Collins, once more", folder_of("skimage") / "data" / "astronaut.png")]
    monkeypatch.setattr("benchmarks.likeness.real.npm_photos", lambda: photos)

    def headshots(request: Request, **_: Any) -> list[Any]:
        shown = [astronaut, astronaut[:, ::-1], people[0].portrait]  # a fourth one was lost
        return [SimpleNamespace(seed=7 + k, image=np.ascontiguousarray(image)) for k, image in enumerate(shown)]

    bench = bench_of(headshots)
    bench.analyser, bench.judge, bench.sheet = analyser, DlibJudge(), Sheet()
    outcome = real(bench)
    assert "Eileen Collins" in outcome.details["by_person"]
    mine = outcome.details["by_person"]["Eileen Collins"]
    assert mine["same"] == 2 and 0.4 < mine["cosine"] < 0.55
    assert outcome.details["by_person"]["Eileen Collins, once more"] == mine
    assert outcome.figures["pictures"] == 4 * outcome.figures["people"]
    assert not outcome.bars[0].passed


def test_the_photos_of_real_people_have_the_names_of_their_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(package: str, integrity: str, names: list[str]) -> dict[str, bytes]:
        assert re.fullmatch(r"[a-z0-9-]+@\d+\.\d+\.\d+", package)
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", integrity)
        if package.startswith("paper"):
            raise NoPackage("npm is not installed")
        return dict.fromkeys(names, b"a photo")

    monkeypatch.setattr("benchmarks.likeness.real.read_files", read)
    names = [name for name, _ in npm_photos()]
    assert "material-kit@2.0.4 marc" in names and len(names) == len(set(names)) > 15
    assert "Without the 5 photos of paper-kit-2@2.1.0: npm is not installed." in capsys.readouterr().err


@pytest.mark.slow
def test_hair_is_measured_where_there_is_enough_of_it(people: list[Person], analyser: FaceAnalyser) -> None:
    parser = HeadParser()
    image = people[0].selfie
    face = choose(analyser.analyse(image))
    own = hair_lightness(image, face, parser)
    lighter = hair_lightness((0.5 * image + 127).astype(np.uint8), face, parser)
    assert own is not None and lighter is not None and lighter > own + 20
    bald = SimpleNamespace(parse=lambda picture: SimpleNamespace(hair=np.zeros(picture.shape[:2], np.float32)))
    assert hair_lightness(image, face, bald) is None  # type: ignore[arg-type]
