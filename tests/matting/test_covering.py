"""A headscarf is seen in the photo, and hair of any usual colour is none."""

import numpy as np
import pytest

from pipelines.faces.identity import FaceAnalyser, Shot, choose
from pipelines.matting.covering import CUT_NOTE, covering_notes
from pipelines.matting.head_parser import HeadParser
from tests.conftest import Person
from tests.support.headscarf import with_scarf

pytestmark = pytest.mark.slow

CLOTHS = {"teal": (30, 100, 110), "red": (150, 30, 40), "white": (235, 233, 228), "black": (22, 22, 26)}


@pytest.fixture(scope="module")
def parser() -> HeadParser:
    return HeadParser()


@pytest.mark.parametrize("colour", CLOTHS)
def test_a_headscarf_is_said(colour: str, people: list[Person], analyser: FaceAnalyser, parser: HeadParser):
    for person in people[:4]:
        face = choose(analyser.analyse(person.selfie))
        covered = with_scarf(person.selfie, face.landmarks, CLOTHS[colour])
        (note,) = covering_notes(Shot(image=covered, face=face), parser)
        assert "headscarf" in note


def test_hair_and_bare_heads_are_no_covering(people: list[Person], analyser: FaceAnalyser, parser: HeadParser):
    for person in people:
        for photo in (person.selfie, person.portrait):
            face = choose(analyser.analyse(photo))
            assert not covering_notes(Shot(image=photo, face=face), parser)


def test_hair_that_the_upper_edge_cuts_is_said(people: list[Person], analyser: FaceAnalyser, parser: HeadParser):
    """Each selfie cut one eye distance above the eyes; whole, nothing is said."""
    for person in people:
        whole = choose(analyser.analyse(person.selfie))
        assert covering_notes(Shot(image=person.selfie, face=whole), parser) == ()
        eyes = whole.landmarks[:2]
        top = round(float(eyes[:, 1].min() - np.hypot(*(eyes[1] - eyes[0]))))
        cut = np.ascontiguousarray(person.selfie[top:])
        assert CUT_NOTE in covering_notes(Shot(image=cut, face=choose(analyser.analyse(cut))), parser)
