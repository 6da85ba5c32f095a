"""A saved picture tells how to make it again, in the words that were typed, and keeps its pixels and colours."""

import io
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.provenance.save import read_recipe, save
from pipelines.settings import MAX_CHARACTERS
from tests.provenance.conftest import SUFFIXES
from tests.support.recipes import BLANK, PICTURE, RECIPE

NASTY = [
    "a < b & c > d \"quoted\" 'single' ]]> <!-- x --> <?xml?> &amp; &#0; &lt;",
    '</headshot:recipe></rdf:Description><script>alert("x")</script>',
    "{mark} {recipe} %s %(a)s \\ \\n \\u0041 \\x00",
    "Großmutter, 日本語, עברית, 👩🏽‍🔬 🏳️‍🌈, e\u0301",
    "one line\nanother\tline",
    "\u2028\ufeff\uffff" + "&" * (MAX_CHARACTERS - 3),
    "😀" * MAX_CHARACTERS,
]


def test_a_recipe_is_read_back_from_the_file_and_from_its_bytes(saved):
    assert read_recipe(saved) == read_recipe(str(saved)) == read_recipe(saved.read_bytes()) == RECIPE


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("words", NASTY, ids=range(len(NASTY)))
def test_any_words_are_read_back_as_they_were(suffix, words, tmp_path):
    recipe = replace(RECIPE, words=words, negative_words=words[::-1])
    assert recipe.words == words
    assert read_recipe(save(np.asarray(BLANK), tmp_path / f"a{suffix}", recipe)) == recipe


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_control_characters_are_dropped(suffix, tmp_path):
    recipe = replace(RECIPE, words="a\0b\x1b[31mc\x7f\x85\ud800d\r\ne")
    assert recipe.words == "ab[31mcd\r\ne"
    assert read_recipe(save(np.asarray(BLANK), tmp_path / f"a{suffix}", recipe)) == recipe


def test_pixels_and_colours_are_kept(saved):
    with Image.open(saved) as image:
        assert image.mode == "RGB"
        assert np.abs(np.asarray(image).astype(int) - PICTURE).mean() <= (0 if saved.suffix == ".png" else 2.5)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_same_picture_and_recipe_give_the_same_bytes(tmp_path):
    first = [save(PICTURE, tmp_path / f"a{suffix}", RECIPE).read_bytes() for suffix in SUFFIXES]
    time.sleep(1.1)  # the colour profile's date has seconds
    assert [save(PICTURE, tmp_path / f"b{suffix}", RECIPE).read_bytes() for suffix in SUFFIXES] == first
