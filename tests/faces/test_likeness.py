"""Likeness of a picture to the person: measured against their own photos, and said in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.faces.identity import FaceAnalyser, Identity, Shot, choose, fuse
from pipelines.faces.likeness import Likeness, expected_range, measure_likeness
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.picture import Picture, rank
from tests.conftest import Person

TYPICAL_RANGE, FALLS_SHORT = RECOGNISERS["w600k_mbf"].typical_range, RECOGNISERS["w600k_mbf"].falls_short


@pytest.fixture(scope="module")
def shots(analyser: FaceAnalyser, people: list[Person]) -> list[Shot]:
    """Two photos of one person, and a third with their portrait mirrored and darker."""
    photos = [people[0].selfie, people[0].portrait, np.ascontiguousarray(people[0].portrait[:, ::-1]) // 2]
    return [Shot(image=photo, face=choose(analyser.analyse(photo))) for photo in photos]


@pytest.fixture(scope="module")
def identity(shots: list[Shot]) -> Identity:
    """The person of the first selfie."""
    return fuse(shots[:1], "w600k_mbf")


def likeness(cosine: float | None, low: float = 0.5, high: float = 0.7, basis: str = "your photos") -> Likeness:
    return Likeness(cosine=cosine, low=low, high=high, basis=basis)


# Measured


def test_the_persons_own_portrait_is_within_the_usual_range(
    analyser: FaceAnalyser, identity: Identity, people: list[Person]
) -> None:
    own = measure_likeness(people[0].portrait, identity, analyser)
    assert own.cosine is not None and own.cosine >= TYPICAL_RANGE[0] - 0.02
    assert (own.low, own.high, own.basis) == (*TYPICAL_RANGE, "two shots of one person")


def test_everybody_elses_portrait_is_far_below(
    analyser: FaceAnalyser, identity: Identity, people: list[Person]
) -> None:
    own = measure_likeness(people[0].portrait, identity, analyser).cosine
    assert own is not None
    for other in people[1:5]:
        seen = measure_likeness(other.portrait, identity, analyser)
        assert seen.cosine is not None and seen.cosine < own - 0.15
        assert seen.verdict.startswith("Less alike than two shots of one person.")


def test_the_photo_itself_is_entirely_alike(analyser: FaceAnalyser, identity: Identity) -> None:
    assert measure_likeness(identity.best.image, identity, analyser).cosine == pytest.approx(1, abs=1e-4)


def test_without_a_face_there_is_no_number(analyser: FaceAnalyser, identity: Identity, people: list[Person]) -> None:
    nobody = measure_likeness(people[3].angles[2], identity, analyser)
    assert nobody.cosine is None and nobody.verdict == "No face was found in this picture."


def test_the_largest_face_counts(analyser: FaceAnalyser, identity: Identity, people: list[Person]) -> None:
    own, other = people[0].portrait, people[4].portrait
    small = np.zeros((1024, 512, 3), np.uint8)
    small[256:768] = other[::2, ::2]
    alone = measure_likeness(own, identity, analyser).cosine
    for both in (np.hstack([small, own]), np.hstack([own, small])):
        assert measure_likeness(both, identity, analyser).cosine == pytest.approx(alone, abs=0.05)


def test_another_recognisers_identity_is_a_bug_not_a_number(analyser: FaceAnalyser, identity: Identity) -> None:
    with pytest.raises(ValueError, match="identity of w600k_r50 cannot be compared by w600k_mbf"):
        measure_likeness(identity.best.image, replace(identity, recogniser="w600k_r50"), analyser)


# What is usual


def test_with_several_photos_the_range_is_the_persons_own(shots: list[Shot]) -> None:
    one, two, three = (shot.face.embedding for shot in shots)
    cosines = sorted((float(one @ two), float(one @ three), float(two @ three)))
    low, high, basis = expected_range(fuse(shots, "w600k_mbf"))
    assert (low, high) == pytest.approx((cosines[0], cosines[2]))
    assert low < high and basis == "your photos"


def test_a_strangers_photo_does_not_widen_it(analyser: FaceAnalyser, shots: list[Shot], people: list[Person]) -> None:
    other = Shot(image=people[1].selfie, face=choose(analyser.analyse(people[1].selfie)))
    with_stranger = fuse([*shots[:2], other], "w600k_mbf")
    assert with_stranger.strangers == (3,)
    assert expected_range(with_stranger) == expected_range(fuse(shots[:2], "w600k_mbf"))


# Said


@pytest.mark.parametrize(
    ("cosine", "verdict"),
    [
        (0.9, "As alike as your photos."),
        (0.5, "As alike as your photos."),
        (0.49, "Nearly as alike as your photos."),
        (0.5 - FALLS_SHORT, "Nearly as alike as your photos."),
        (0.39, "Less alike than your photos. Another seed, more structure or another photo may help."),
        (-0.1, "Less alike than your photos. Another seed, more structure or another photo may help."),
        (None, "No face was found in this picture."),
    ],
)
def test_the_number_is_put_into_words(cosine: float | None, verdict: str) -> None:
    assert likeness(cosine).verdict == verdict


# Ranked


def test_the_best_likeness_comes_first_and_no_face_last() -> None:
    def picture(seed: int, cosine: float | None) -> Picture:
        rest: Any = {"recipe": None, "path": Path(), "warnings": ()}
        return Picture(image=np.zeros((1, 1, 3), np.uint8), seed=seed, likeness=likeness(cosine), **rest)

    drawn = [picture(1, None), picture(2, 0.4), picture(3, -0.2), picture(4, 0.6), picture(5, 0.4)]
    assert [one.seed for one in rank(drawn)] == [4, 2, 5, 3, 1]
    assert [one.seed for one in drawn] == [1, 2, 3, 4, 5]
