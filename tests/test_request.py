"""Requests: every value outside its documented range is refused with a sentence, before anything runs."""

import re
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import UserError
from pipelines.provenance.recipe import Recipe
from pipelines.request import Request
from pipelines.settings import COUNT, FORMATS, MAX_PHOTOS, SETTINGS

NUMBERS = [*SETTINGS, "count"]
NO_NUMBERS = [float("nan"), float("inf"), -float("inf"), 10**400, -1, True, "7", "", [7], {}, b"7", 1j, ...]


def ask(**wanted: object) -> Request:
    return Request(**({"photos": ["selfie.jpg"]} | wanted))  # type: ignore[arg-type]


def refusal(**wrong: object) -> str:
    with pytest.raises(UserError) as refused:
        ask(**wrong)
    return str(refused.value)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_number_in_the_range_is_refused(name: str, value: object):
    setting = COUNT if name == "count" else SETTINGS[name]
    sentence = refusal(**{name: value})
    assert sentence.startswith(setting.label)
    assert re.search(rf"from {setting.low} to {setting.high}\.$", sentence)


@pytest.mark.parametrize("name", NUMBERS)
def test_both_ends_of_a_range_are_in_it(name: str):
    setting = COUNT if name == "count" else SETTINGS[name]
    for value in (setting.low, setting.high):
        assert getattr(ask(**{name: value}), name) == value
    refusal(**{name: setting.high + 1})
    refusal(**{name: setting.low - 1})


def test_whole_numbers_stay_whole():
    assert "whole number" in refusal(steps=7.5)
    assert "whole number" in refusal(count=2.5)
    assert "whole number" in refusal(seed=0.1)


def test_the_same_number_in_another_type_is_the_same_request():
    one = Request(photos=["a.jpg"], seed=7, steps=20, structure=1.0)
    other = Request(photos=["a.jpg"], seed=7.0, steps=np.int64(20), structure=np.float32(1))  # type: ignore[arg-type]
    assert one == other
    assert type(other.seed) is int and type(other.steps) is int and type(other.structure) is float


@pytest.mark.parametrize("name", ["look", "backdrop", "wardrobe", "light", "expression", "crop", "engine"])
@pytest.mark.parametrize("value", [7, ["corporate"], {"id": "corporate"}, b"corporate"], ids=repr)
def test_a_name_must_be_text(name: str, value: object):
    assert refusal(**{name: value}) == f"The {name} must be one of the names on offer."


@pytest.mark.parametrize("name", ["words", "negative_words"])
def test_words_must_be_text_of_a_sensible_length(name: str):
    for wrong in (7, None, ["smile"], "x" * 1_000_000, "smile\x00", "smile \ud800"):
        assert refusal(**{name: wrong}).endswith(".")
    assert getattr(ask(**{name: "smile, 👩‍💼\nblue eyes"}), name) == "smile, 👩‍💼\nblue eyes"


def test_one_to_six_photos():
    for photos in ([], ["a.jpg"] * (MAX_PHOTOS + 1)):
        assert refusal(photos=photos) == f"Choose 1 to 6 photos of one person; you chose {len(photos)}."
    for no_list in ("selfie.jpg", b"bytes", Path("selfie.jpg"), None, 7):
        assert refusal(photos=no_list) == "The photos must be a list."
    for what in ([7], [None], [["a.jpg"]]):
        assert refusal(photos=what) == "The photos must be files or their content."


def test_faces_are_chosen_by_number_photo_by_photo():
    assert Request(photos=["a.jpg", "b.jpg"], faces=[None, 2]).faces == (None, 2)
    assert refusal(faces=[1, 2]) == (
        "More faces were chosen than there are photos; choose at most one face in each photo."
    )
    for wrong in (0, -1, 1.5, "1", True, float("nan")):
        assert refusal(faces=[wrong]).startswith("The number of a face must be a whole number")


def test_an_unknown_format_is_refused_with_those_there_are():
    for wrong in ("gif", "PNG", None, 7, ["png"]):
        assert refusal(format=wrong) == "The format must be one of: png, jpeg."
    assert list(FORMATS) == ["png", "jpeg"]


def test_a_request_does_not_print_the_persons_photos_or_words():
    shown = repr(Request(photos=["/home/ada/selfie.jpg"], words="my secret", negative_words="my other secret"))
    assert "ada" not in shown and "secret" not in shown


MADE_EARLIER = Recipe(
    engine="builtin",
    look="speaker",
    backdrop="black",
    crop="tight",
    words="smile",
    negative_words="busy background",
    resemblance=0.75,
    identity_strength=0.8,
    structure=0.3,
    guidance_scale=3.0,
    steps=9,
    seed=12,
    versions={"app": "1"},
)


def test_a_recipe_becomes_the_request_for_the_same_picture():
    request = Request.from_recipe(MADE_EARLIER, ["selfie.jpg"])
    assert request.count == 1
    assert (request.backdrop, request.crop, request.wardrobe) == ("black", "tight", None)
    for name in ("look", "words", "negative_words", "engine", *SETTINGS):
        assert getattr(request, name) == getattr(MADE_EARLIER, name)


def test_a_recipe_may_be_changed_before_it_is_used():
    request = Request.from_recipe(MADE_EARLIER, ["a.jpg"], seed=5, count=3, crop="square")
    assert (request.seed, request.count, request.crop, request.backdrop) == (5, 3, "square", "black")
