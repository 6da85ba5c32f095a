"""Hair, face, neck and clothes of a drawn picture are found where people who labelled it see them."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.head_parser import Labelled, evaluation_set, labels_of, overlaps
from pipelines.errors import UserError
from pipelines.matting.head_parser import PARTS, HeadParser, HeadParts
from pipelines.runtime import verified_files

pytestmark = pytest.mark.slow

PLAIN = ((128, 128, 128), (235, 235, 235), (24, 24, 26), (90, 110, 80))


@pytest.fixture(scope="module")
def head_parser() -> HeadParser:
    return HeadParser()


@pytest.fixture(scope="module")
def pictures() -> list[Labelled]:
    return evaluation_set()


def stacked(parts: HeadParts) -> np.ndarray:
    """All parts, float32 (5, H, W)."""
    return np.stack([getattr(parts, name) for name in PARTS])


# What is found


@pytest.mark.parametrize(
    ("half", "least"),
    [
        ("generator", {"hair": 0.85, "skin": 0.93, "face": 0.93, "backdrop": 0.88}),
        ("engine", {"hair": 0.89, "skin": 0.96, "face": 0.95, "clothes": 0.92, "backdrop": 0.96}),
    ],
)
def test_hair_and_skin_lie_where_they_were_labelled_by_hand(
    head_parser: HeadParser, pictures: list[Labelled], half: str, least: dict[str, float]
) -> None:
    ones = [one for one in pictures if one.half == half]
    assert len(ones) >= 7
    found = overlaps([labels_of(head_parser.parse(one.picture)) for one in ones], [one.labels for one in ones])
    assert {name: found[name] for name in least if found[name] <= least[name]} == {}


def test_a_shaven_head_is_found_whole_and_hardly_any_of_it_is_hair(
    head_parser: HeadParser, pictures: list[Labelled]
) -> None:
    (shaven,) = (one for one in pictures if not (one.labels == PARTS.index("hair")).any())
    found = labels_of(head_parser.parse(shaven.picture))
    head, truth = (np.isin(labels, (PARTS.index("hair"), PARTS.index("face"))) for labels in (found, shaven.labels))
    assert (head & truth).sum() > 0.96 * (head | truth).sum()
    assert (found == PARTS.index("hair")).sum() < 0.1 * truth.sum()


@pytest.mark.parametrize("colour", PLAIN)
def test_before_another_plain_backdrop_the_same_is_found(
    head_parser: HeadParser, pictures: list[Labelled], colour: tuple[int, int, int]
) -> None:
    before, after = [], []
    for one in (one for one in pictures if one.half == "engine"):
        parts = head_parser.parse(one.picture)
        moved = one.picture + (np.array(colour) - one.picture) * parts.backdrop[..., None]
        before.append(labels_of(parts))
        after.append(labels_of(head_parser.parse(np.rint(moved).astype(np.uint8))))
    found = overlaps(after, before)
    assert found["hair"] > 0.94 and found["skin"] > 0.98 and found["clothes"] > 0.95


def test_a_mirrored_picture_has_the_mirrored_parts(head_parser: HeadParser, pictures: list[Labelled]) -> None:
    for one in pictures[:3]:
        there = labels_of(head_parser.parse(one.picture))
        back = labels_of(head_parser.parse(np.ascontiguousarray(one.picture[:, ::-1])))[:, ::-1]
        assert (there == back).mean() > 0.97


# What is returned


@pytest.mark.parametrize("side", [1024, 512, 300, 256])
def test_every_place_of_a_picture_of_any_size_is_shared_out(
    head_parser: HeadParser, pictures: list[Labelled], side: int
) -> None:
    picture = cv2.resize(pictures[0].picture, (side, side), interpolation=cv2.INTER_AREA)
    parts = stacked(head_parser.parse(picture))
    assert parts.shape == (5, side, side) and parts.dtype == np.float32
    assert parts.min() >= 0 and parts.max() <= 1
    assert np.abs(parts.sum(0) - 1).max() < 1e-4
    assert (parts.max(0) > 0.9).mean() > 0.8


def test_boundaries_are_sharper_than_the_net_says_them(head_parser: HeadParser, pictures: list[Labelled]) -> None:
    for one in pictures[:3]:
        small = cv2.resize(one.picture, (256, 256), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        plain = cv2.resize(head_parser.probabilities(small), (512, 512)).transpose(2, 0, 1)
        sharp = stacked(head_parser.parse(one.picture))
        assert (sharp.max(0) < 0.9).sum() < 0.9 * (plain.max(0) < 0.9).sum()


# In use


def test_threads_share_it_and_the_same_picture_gives_the_same_parts(
    head_parser: HeadParser, pictures: list[Labelled]
) -> None:
    first = stacked(head_parser.parse(pictures[0].picture))
    with ThreadPoolExecutor(3) as threads:
        again = list(threads.map(lambda _: stacked(head_parser.parse(pictures[0].picture)), range(3)))
    assert all(np.array_equal(first, one) for one in again)


def test_without_its_model_a_sentence_says_what_to_get(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(verified_files, "MODELS", tmp_path)
    file = tmp_path / "head_parser" / "model.onnx"
    said = rf"^The model file model\.onnx cannot be read at {re.escape(str(file))}\. .* get its models folder again\.$"
    with pytest.raises(UserError, match=said):
        HeadParser()
    file.parent.mkdir()
    file.write_bytes(b"another net")
    with pytest.raises(UserError, match="is not the file this program was built with"):
        HeadParser()
