"""Photo in, file out, with every large engine: what people ask of it is in the file, or named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines import studio as studio_module
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.faces import models
from pipelines.faces.identity import Face, FaceAnalyser, choose
from pipelines.finishing.tones import cheek_tone
from pipelines.matting.person_mask import PersonMask
from pipelines.picture import Picture
from pipelines.request import Request
from pipelines.studio import Studio
from tests.conftest import Person
from tests.support.drawn_scenes import Scenes, likest

pytestmark = pytest.mark.slow

LARGE = [engine_id for engine_id, row in ENGINES.items() if row.memory_gb]
EVERY_ENGINE = pytest.mark.parametrize("engine_id", LARGE)
OF_EACH_KIND = pytest.mark.parametrize("engine_id", ["sd15-lcm", "sdxl-instantid", "flux2-klein"])
COFFEE_SHOP = "in a coffee shop, espresso machine behind"
ON_CPU = "There is no GPU here: "


@pytest.fixture
def scenes(people: list[Person], analyser: FaceAnalyser, mask: PersonMask) -> Iterator[Scenes]:
    """The first person's studio portrait, as every engine draws it here."""
    portrait = people[0].portrait
    scenes = Scenes(portrait, choose(analyser.analyse(portrait)), mask)
    with scenes.in_place():
        yield scenes


@pytest.fixture
def ask(
    scenes: Scenes,
    tiny_engines: Callable[[str], Engine],
    people: list[Person],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., list[Picture]]:
    """Pictures of that person's selfie, by an engine of tiny weights. w600k_mbf stands for recognisers not here."""
    mbf = models.FACE_MODELS["w600k_mbf"]
    monkeypatch.setattr(models, "FACE_MODELS", {**models.FACE_MODELS, "w600k_r50": mbf, "glintr100": mbf})
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    Image.fromarray(people[0].selfie).save(tmp_path / "selfie.png")

    def ask(engine_id: str, **asked: Any) -> list[Picture]:
        studio = Studio(tiny_engines(engine_id))
        out = tmp_path / f"out-{len(scenes.drawn)}"
        wanted = {"photos": [tmp_path / "selfie.png"], "count": 1, "seed": 7, "steps": 4, "out": out, **asked}
        pictures = studio.headshots(Request(**wanted))
        assert {picture.path for picture in pictures} <= {*out.iterdir()}
        return sorted(pictures, key=lambda picture: picture.seed)

    return ask


def saved(picture: Picture) -> np.ndarray:
    """The file, uint8 RGB (H, W, 3)."""
    with Image.open(picture.path) as image:
        return np.asarray(image.convert("RGB"))


def upper_corner(image: np.ndarray) -> np.ndarray:
    """A part of a picture where no head is."""
    return image[: image.shape[0] // 8, : image.shape[1] // 4]


@EVERY_ENGINE
def test_a_coffee_shop_is_told_and_kept_and_so_are_suit_and_shoulders(
    engine_id: str, ask: Callable[..., list[Picture]], scenes: Scenes
) -> None:
    scenes.face_heights = (0.25, 0.33, 0.40)
    pictures = ask(engine_id, words=COFFEE_SHOP, count=3)
    assert len(pictures) == len(scenes.drawn) == 3
    for picture, drawn, told in zip(pictures, scenes.drawn, scenes.told, strict=True):
        assert COFFEE_SHOP in told["prompt"].positive.replace("In a coffee", "in a coffee")
        assert "studio background" not in told["prompt"].positive
        file = saved(picture)
        assert likest(upper_corner(file), drawn) > 0.95
        assert file.shape[0] * file.shape[1] >= 0.85 * drawn.shape[0] * drawn.shape[1]
        assert max(file.shape[:2]) >= 1024
        left_out = [said for said in picture.warnings if not said.startswith(ON_CPU)]
        assert not [said for said in left_out if "left out" in said or "ignored" in said], left_out


@EVERY_ENGINE
def test_a_backdrop_of_ours_that_is_chosen_is_painted(
    engine_id: str, ask: Callable[..., list[Picture]], scenes: Scenes
) -> None:
    for asked in ({"backdrop": "black"}, {"words": "black background"}):
        (picture,) = ask(engine_id, **asked)
        assert upper_corner(saved(picture)).max() < 60
        assert likest(upper_corner(saved(picture)), scenes.drawn[-1]) < 0.8


@EVERY_ENGINE
def test_whatever_is_dropped_is_named(engine_id: str, ask: Callable[..., list[Picture]]) -> None:
    (picture,) = ask(
        engine_id,
        look="startup",
        words="no glasses",
        tie="plain",
        lora_scale=0.5,
        structure=0.5,
        sizes=["portrait-large", "square"],
    )
    said, row = " ".join(picture.warnings), ENGINES[engine_id]
    assert "A tie goes with a suit or a blazer; with “T-shirt” it is left out." in said
    assert ("“glasses” should not be in the picture" in said) == (engine_id.endswith("-lcm"))
    assert ("LoRA weight: Does nothing here" in said) == (row.adapter_lora is None)
    assert ("Structure: Does nothing here" in said) == (engine_id == "flux2-klein")
    for size, file in picture.sizes.items():
        with Image.open(file) as exported:
            full = exported.size == {"portrait-large": (1024, 1280), "square": (1024, 1024)}[size]
        assert (f"The size {size} (" in said) == (not full)


@OF_EACH_KIND
def test_low_key_light_stays_low_key_in_the_file(
    engine_id: str, ask: Callable[..., list[Picture]], scenes: Scenes, analyser: FaceAnalyser
) -> None:
    scenes.stops = -1.5
    (dark,) = ask(engine_id, light="dramatic")
    (plain,) = ask(engine_id, light="soft")
    drawn = lightness(scenes.drawn[0], analyser)
    assert abs(lightness(saved(dark), analyser) - drawn) <= 4
    assert lightness(saved(plain), analyser) > drawn + 5
    assert "dramatic low-key light" in scenes.told[0]["prompt"].positive


def lightness(image: np.ndarray, analyser: FaceAnalyser) -> float:
    """CIELAB's L* of the cheeks."""
    face: Face = choose(analyser.analyse(image))
    tone = cheek_tone(image, face)
    assert tone is not None
    return float(cv2.cvtColor(tone.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0, 0])


@OF_EACH_KIND
def test_a_thousand_characters_of_words_all_count(
    engine_id: str, ask: Callable[..., list[Picture]], scenes: Scenes
) -> None:
    many = "freckles, round glasses, short grey hair, " * 23
    for end in ("a red tie", "a bow tie"):
        ask(engine_id, words=many + end)
    red, bow = scenes.random
    assert not np.array_equal(red, bow)
    for told in scenes.told:
        look = "corporate portrait, 85mm lens" in told["prompt"].positive.lower()
        assert look and "natural skin texture" in told["prompt"].positive


@pytest.mark.parametrize("engine_id", [engine_id for engine_id in LARGE if ENGINES[engine_id].safety_checker])
def test_a_picture_that_the_engines_own_checker_withholds_is_drawn_again_and_the_others_stay(
    engine_id: str,
    ask: Callable[..., list[Picture]],
    tiny_engines: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checker, calls = tiny_engines(engine_id).safety_checker, iter(range(99))
    assert checker is not None
    monkeypatch.setattr(checker, "withheld", lambda pictures: [next(calls) in {1}] * len(pictures))
    pictures = ask(engine_id, count=3)
    assert [picture.seed for picture in pictures] == [7, 9, 10]  # 8 was withheld, 10 is the first spare one
    assert not any("left out" in said for picture in pictures for said in picture.warnings)
    monkeypatch.setattr(checker, "withheld", lambda pictures: [True] * len(pictures))
    with pytest.raises(UserError, match="safety checker withheld"):
        ask(engine_id)


def test_every_engine_draws_at_least_1024_pixels_on_the_longer_side() -> None:
    for row in (ENGINES[engine_id] for engine_id in LARGE):
        scale = row.second_pass.scale if row.second_pass else 1
        assert min(scale * max(size) for size in row.sizes.values()) >= 1024, row.id
