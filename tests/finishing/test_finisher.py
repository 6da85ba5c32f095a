"""Finishing goes by what an engine draws: heads are dressed, whole pictures keep their clothes."""

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.faces.identity import Shot
from pipelines.finishing import headshot
from pipelines.finishing.composition import EYES
from pipelines.finishing.finish import finish
from pipelines.finishing.finisher import Finisher, eyes_of
from pipelines.finishing.framing import EYES as PICTURE_EYES
from pipelines.finishing.tones import Tones
from pipelines.looks.preset import load_look, with_fields
from pipelines.matting.person_mask import PersonMask
from tests.finishing.conftest import Head

LOOK = with_fields(load_look("corporate"), wardrobe="dark-tshirt")
SMALL = (320, 400)


@pytest.fixture(scope="module")
def finisher() -> Finisher:
    return Finisher()


def test_the_built_in_engine_draws_heads_and_the_others_pictures():
    assert {row.id for row in ENGINES.values() if row.draws == "head"} == {"builtin"}


def test_the_eyes_are_where_each_way_puts_them():
    for crop in EYES:
        look = with_fields(LOOK, crop=crop)
        assert eyes_of("head", look) == EYES[crop]
        assert eyes_of("picture", look) == PICTURE_EYES[0]


@pytest.mark.slow
def test_a_picture_is_not_dressed(
    finisher: Finisher, heads: list[Head], mask: PersonMask, monkeypatch: pytest.MonkeyPatch
):
    def wardrobe(*_: object) -> None:
        raise AssertionError("a garment was fetched")

    head = heads[0]
    monkeypatch.setattr(headshot, "load_plate", wardrobe)
    kept = finisher.finish("picture", head.image, head.face, LOOK, 7)
    assert (kept == finish(head.image, head.face, LOOK, mask=mask)).all()
    with pytest.raises(AssertionError, match="a garment was fetched"):
        finisher.finish("head", head.image, head.face, LOOK, 7)


@pytest.mark.slow
def test_the_seed_makes_the_choices_that_the_look_leaves_open(finisher: Finisher, heads: list[Head]):
    def picture(seed: int, **fields: str) -> np.ndarray:
        head = heads[0]
        return finisher.finish("head", head.image, head.face, with_fields(LOOK, **fields), seed, largest=SMALL)

    assert (picture(7) == picture(7)).all()
    assert (picture(7) != picture(8)).any()
    fixed = {"cut": "mens", "torso": "straight", "tilt": "none", "framing": "normal"}
    assert (picture(7, **fixed) == picture(8, **fixed)).all()


@pytest.mark.slow
def test_the_skin_takes_the_tone_that_is_given(finisher: Finisher, heads: list[Head]):
    head = heads[0]
    dark, light = (
        finisher.finish("head", head.image, head.face, LOOK, 7, Tones(skin=np.array(skin)), largest=SMALL).astype(float)
        for skin in ([0.45, 0.3, 0.24], [0.85, 0.68, 0.6])
    )
    face = np.s_[130:190, 140:180]
    assert light[face].mean() > dark[face].mean() + 20
    assert np.abs(light[-20:] - dark[-20:]).mean() < 1  # the clothes are as they were


@pytest.mark.slow
def test_notes_on_photos_are_for_heads_alone(finisher: Finisher, heads: list[Head], monkeypatch: pytest.MonkeyPatch):
    shot = Shot(image=heads[0].image, face=heads[0].face)
    monkeypatch.setattr("pipelines.finishing.finisher.covering_notes", lambda *_: ("covered",))
    assert finisher.photo_notes("head", shot) == ("covered",)
    assert finisher.photo_notes("picture", shot) == ()
