"""A person is cut out where they end, whatever is behind them, and takes none of its colour along."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.errors import UserError
from pipelines.faces.identity import FaceAnalyser
from pipelines.finishing.backdrops.backdrops import backdrop
from pipelines.matting.alpha import GRID_SIDE, one_piece
from pipelines.matting.person_mask import Cutout, PersonMask
from pipelines.matting.uncertain import detail, resolve_unsure_areas, sharpen_smears, unsure_areas, without_gaps
from pipelines.runtime import verified_files
from tests.conftest import Person

pytestmark = pytest.mark.slow

BACKDROPS = ("seamless-light", "gradient-blue", "outdoor", "library")


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """A person cut out of their portrait, to be put before other backdrops: 512 x 512."""

    photo: np.ndarray  # uint8 RGB
    landmarks: np.ndarray
    person: Cutout

    def before(self, backdrop_id: str) -> np.ndarray:
        """The same person before a drawn backdrop, uint8 RGB. Where they end is known."""
        behind = backdrop(backdrop_id, 512, 512)
        share = self.person.alpha[..., None]
        return np.rint(255 * (behind + (self.person.colour - behind) * share)).astype(np.uint8)


@pytest.fixture(scope="module")
def known(mask: PersonMask, analyser: FaceAnalyser, people: list[Person]) -> list[Known]:
    """Curly hair, long hair."""
    found = []
    for person in (people[0], people[7]):
        photo = cv2.resize(person.portrait, (512, 512), interpolation=cv2.INTER_AREA)
        landmarks = analyser.analyse(photo)[0].landmarks
        found.append(Known(photo=photo, landmarks=landmarks, person=mask.cut_out(photo, landmarks)))
    return found


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks."""
    a, b = one > 0.5, other > 0.5
    return float((a & b).sum() / (a | b).sum())


# Where the person ends


def test_the_mask_is_the_same_before_every_backdrop(mask: PersonMask, known: list[Known]) -> None:
    for one in known:
        masks = [mask(one.before(name), one.landmarks) for name in BACKDROPS]
        assert min(overlap(a, b) for a in masks for b in masks) > 0.97


@pytest.mark.parametrize("name", BACKDROPS)
def test_the_mask_is_the_one_the_picture_was_made_with(mask: PersonMask, known: list[Known], name: str) -> None:
    for one in known:
        alpha = mask(one.before(name), one.landmarks)
        assert alpha.shape == (512, 512) and alpha.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1
        assert overlap(alpha, one.person.alpha) > 0.98
        assert np.abs(alpha - one.person.alpha).mean() < 0.01


def test_face_and_chest_are_in_and_the_corners_are_out(mask: PersonMask, people: list[Person]) -> None:
    for person in people[:4]:
        alpha = mask(person.portrait)
        assert alpha.shape == (1024, 1024)
        assert alpha[400:700, 450:600].min() > 0.9 and alpha[-20:, 450:600].min() > 0.9
        assert alpha[:100, :100].max() < 0.05 and alpha[:100, -100:].max() < 0.05


def test_the_edge_follows_every_curl_though_the_net_sees_only_256_pixels(known: list[Known]) -> None:
    def outline(mask: np.ndarray) -> int:
        inside = mask[:300] > 0.5
        return int((inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum())

    alpha = known[0].person.alpha
    # 1.67 times as long as a smooth one; the net's own mask, enlarged, has 1.23
    assert outline(alpha) > 1.5 * outline(cv2.GaussianBlur(alpha, (0, 0), 4))


def test_where_there_is_nobody_hardly_anything_is_cut_out(mask: PersonMask) -> None:
    for name in (*BACKDROPS, "office", "stage"):
        empty = np.rint(255 * backdrop(name, 320, 320)).astype(np.uint8)
        assert (mask(empty) > 0.5).mean() < 0.01
    assert mask(np.full((300, 400, 3), 128, np.uint8)).max() < 0.05


def test_somebody_without_a_face_is_cut_out_too(mask: PersonMask, people: list[Person]) -> None:
    assert 0.4 < (mask(people[3].angles[2]) > 0.5).mean() < 0.7


def test_a_mirrored_picture_has_the_mirrored_mask(mask: PersonMask, known: list[Known]) -> None:
    one = known[1]
    mirrored = mask(np.ascontiguousarray(one.photo[:, ::-1]))
    assert np.abs(mirrored[:, ::-1] - mask(one.photo)).mean() < 3e-4


# Its colours


@pytest.mark.parametrize("name", ["seamless-light", "gradient-blue"])
def test_hair_keeps_its_own_colour_and_none_of_the_old_backdrops(
    mask: PersonMask, known: list[Known], name: str
) -> None:
    for one in known:
        picture = one.before(name)
        edge = (one.person.alpha > 0.1) & (one.person.alpha < 0.9)
        cleaned = mask.cut_out(picture, one.landmarks).colour
        assert cleaned.shape == (512, 512, 3) and cleaned.min() >= 0 and cleaned.max() <= 1
        spill = np.abs(picture / 255 - one.person.colour)[edge].mean()
        assert np.abs(cleaned - one.person.colour)[edge].mean() < 0.35 * spill


def test_the_face_is_not_touched(known: list[Known]) -> None:
    for one in known:
        x0, y0 = one.landmarks.min(0).astype(int)
        x1, y1 = one.landmarks.max(0).astype(int)
        part = np.s_[y0:y1, x0:x1]
        assert np.abs(one.person.colour[part] - one.photo[part] / 255).max() < 1e-3
        assert one.person.alpha[part].min() > 0.99


# Its parts


def disc(x: int, y: int, radius: int) -> np.ndarray:
    return cv2.circle(np.zeros((GRID_SIDE, GRID_SIDE), np.float32), (x, y), radius, 1, -1)


def test_a_second_smaller_thing_is_not_the_person() -> None:
    both = np.maximum(disc(90, 120, 60), disc(220, 60, 20))
    assert np.array_equal(one_piece(both), disc(90, 120, 60))


def test_a_small_hole_is_filled_but_a_large_one_and_a_bay_are_kept() -> None:
    body = disc(128, 128, 100)
    assert one_piece(body * (1 - disc(128, 128, 6)))[128, 128] == 1
    assert one_piece(body * (1 - disc(128, 128, 30)))[128, 128] == 0
    near_the_edge = one_piece(body * (1 - disc(128, 33, 3)))
    assert near_the_edge[33, 128] == 1 and near_the_edge[:27].max() == 0
    bay = body.copy()
    bay[:60, 120:136] = 0
    assert one_piece(bay)[50, 128] == 0
    corner = np.ones((GRID_SIDE, GRID_SIDE), np.float32)
    corner[:12, :12] = 0
    assert one_piece(corner)[:8, :8].max() == 0


def unsure_between(left: float, right: float) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of two halves and what a net says that is sure of their outer quarters only."""
    column = np.arange(GRID_SIDE)
    grey = np.where(column < GRID_SIDE // 2, left, right).astype(np.float32)
    probability = np.select([column < GRID_SIDE // 4, column >= 3 * GRID_SIDE // 4], [0.99, 0.01], 0.5).astype(
        np.float32
    )
    return np.repeat(np.broadcast_to(grey, (GRID_SIDE, GRID_SIDE))[..., None], 3, 2), np.tile(
        probability, (GRID_SIDE, 1)
    )


def test_an_area_that_the_net_cannot_tell_is_a_cloud_and_an_edge_is_none() -> None:
    _, probability = unsure_between(0.2, 0.8)
    cloud = unsure_areas(probability)
    assert cloud[:, 80:176].min() > 0.9 and cloud[:, :40].max() == 0 and cloud[:, -40:].max() == 0
    assert unsure_areas(cv2.GaussianBlur(disc(128, 128, 80), (0, 0), 1.5)).max() < 0.05


def test_in_a_cloud_colours_tell_the_person_from_the_backdrop() -> None:
    picture, probability = unsure_between(0.2, 0.8)
    usual, textured = np.zeros((2, GRID_SIDE, GRID_SIDE), np.float32)
    alpha = resolve_unsure_areas(picture, probability, probability, unsure_areas(probability), usual, textured)
    assert alpha[:, :120].min() > 0.95 and alpha[:, 136:].max() < 0.05


def test_what_is_out_of_focus_in_a_cloud_is_the_backdrop_whatever_its_colour() -> None:
    picture, probability = unsure_between(0.2, 0.8)
    usual, smooth = np.zeros((GRID_SIDE, GRID_SIDE), np.float32), np.ones((GRID_SIDE, GRID_SIDE), np.float32)
    alpha = resolve_unsure_areas(picture, probability, probability, unsure_areas(probability), usual, smooth)
    assert alpha[:, 80:176].max() < 0.05 < 0.95 < alpha[:, :40].min()


def test_where_both_colours_are_alike_it_goes_by_where_people_usually_are() -> None:
    picture, probability = unsure_between(0.5, 0.5)
    usual = np.tile(np.where(np.arange(GRID_SIDE) < GRID_SIDE // 2, 6.0, -6.0).astype(np.float32), (GRID_SIDE, 1))
    alpha = resolve_unsure_areas(
        picture, probability, probability, unsure_areas(probability), usual, np.zeros_like(usual)
    )
    assert alpha[:, :100].min() > 0.95 and alpha[:, 156:].max() < 0.05
    untouched = resolve_unsure_areas(
        picture, probability, probability, np.zeros_like(usual), usual, np.zeros_like(usual)
    )
    assert np.array_equal(untouched, probability)


def test_a_gap_between_neck_and_shoulder_is_none_but_one_beside_the_shoulders_is() -> None:
    said = np.zeros((GRID_SIDE, GRID_SIDE), np.float32)
    said[:, 100:160] = said[230:, 190:230] = 1  # a neck, and dark clothes that the net found a part of
    shoulders = np.zeros_like(said)
    shoulders[225:] = 1
    filled = without_gaps(said, shoulders)
    assert filled[230:, 100:230].min() == 1
    assert np.array_equal(filled[:225], said[:225])
    assert filled[:, :100].max() == 0 and filled[:, 230:].max() == 0


def test_what_is_half_transparent_over_an_area_is_given_to_one_side_and_hairs_stay() -> None:
    alpha = np.zeros((4 * GRID_SIDE, 4 * GRID_SIDE), np.float32)
    alpha[:, :500] = 1
    alpha[:, 500:510] = np.linspace(1, 0, 10)  # an edge
    alpha[100:104, 500:700] = 0.5  # a hair
    edge_and_hair = alpha.copy()
    assert np.array_equal(sharpen_smears(alpha), edge_and_hair)
    alpha[400:600, 500:700], alpha[700:900, 500:700] = 0.35, 0.65
    settled = sharpen_smears(alpha)
    assert settled[440:560, 560:660].max() < 0.02 and settled[740:860, 540:640].min() > 0.98
    assert np.array_equal(settled[:300], edge_and_hair[:300])


def test_hair_has_detail_and_what_is_out_of_focus_has_none() -> None:
    sharp = np.random.default_rng(0).random((512, 512, 3), np.float32)
    assert detail(cv2.GaussianBlur(sharp, (0, 0), 12)).max() < 0.05 < 0.09 < detail(sharp).min()


# In use


def test_threads_share_it_and_the_same_picture_gives_the_same_mask(mask: PersonMask, known: list[Known]) -> None:
    first = mask(known[0].photo, known[0].landmarks)
    with ThreadPoolExecutor(3) as threads:
        assert all(
            np.array_equal(first, again)
            for again in threads.map(lambda _: mask(known[0].photo, known[0].landmarks), range(3))
        )


def test_without_its_model_a_sentence_says_what_to_get(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(verified_files, "MODELS", tmp_path)
    file = tmp_path / "selfie_segmentation" / "model.onnx"
    said = rf"^The model file model\.onnx cannot be read at {re.escape(str(file))}\. .* get its models folder again\.$"
    with pytest.raises(UserError, match=said):
        PersonMask()
    file.parent.mkdir()
    file.write_bytes(b"another net")
    with pytest.raises(UserError, match="is not the file this program was built with"):
        PersonMask()
