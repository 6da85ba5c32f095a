"""The people a training learns from: faces, second shots, batches."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.support.made_up_training import encoded_shots, landmarks
from training.data import attributes
from training.data.batches import ShotDataset
from training.data.face_shards import HELD_OUT, Faces, decode_pictures
from training.stages import make_faces, mobilestylegan, pairs

pytestmark = pytest.mark.slow


def test_a_shard_holds_what_was_put_in(faces: Faces) -> None:
    assert len(faces.webp) == len(faces.style) == HELD_OUT + 16
    assert torch.equal(faces.landmarks[5], torch.from_numpy(landmarks(5)))
    assert torch.allclose(faces.embedding.norm(dim=1), torch.ones(HELD_OUT + 16))
    shown = decode_pictures(faces.webp, [0, 1])
    assert shown.shape == (2, 3, 256, 256)
    assert shown.min() >= -1
    assert shown.max() <= 1


def test_a_shard_is_the_same_whoever_makes_it_and_when() -> None:
    torch.manual_seed(0)
    mapping = mobilestylegan.Mapping().requires_grad_(False)
    one, same, other = (
        make_faces.draw_styles(mapping, np.random.default_rng([1, shard]), 3, (0.65, 0.95)) for shard in (7, 7, 8)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_second_shot_mixes_palettes_in_the_upper_layers_only(
    faces: Faces, synthesis: mobilestylegan.Synthesis
) -> None:
    shots = pairs.SecondShots(faces.style, pairs.measure_all(faces), synthesis)
    people = np.array([70, 71])
    styles = shots.styles(people, np.random.default_rng(4))
    assert styles.shape == (2, 23, 512)
    lower, upper = styles[:, :10], styles[:, 10:]
    assert torch.equal(lower, lower[:, :1].expand_as(lower))
    assert torch.equal(upper, upper[:, :1].expand_as(upper))
    assert not torch.equal(lower[:, 0], upper[:, 0])
    assert torch.equal(styles, shots.styles(people, np.random.default_rng(4)))


def test_second_shots_go_through_everybody_before_anybody_comes_again() -> None:
    order = np.arange(100, 1600)
    everybody = np.concatenate([pairs.people_of_part(order, part, pairs.PART_SIZE) for part in range(3)])
    assert np.array_equal(everybody, np.concatenate([order, order]))


def test_a_batch_puts_only_shots_of_one_person_together(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shots = encoded_shots(people=6, shots=3)
    shots["embedding"][0] *= -1  # somebody else, by the recogniser
    torch.save(shots, tmp_path / "latents.pt")
    people = ShotDataset([tmp_path / "latents.pt"], np.random.default_rng(0))
    assert set(people.rows) == set(range(1, 18))
    turned = {row for row in people.rows if {"turned-right", "turned-left"} & set(people.said[row])}
    assert turned and [people.rows.tolist().count(row) for row in range(1, 18)] == [
        1 + (k in turned) for k in range(1, 18)
    ]
    batch = people.batch(64)
    assert F.cosine_similarity(batch.identity, batch.own).min() > 0.9
    rows = [int((people.latents.float() * people.scale - x).abs().sum((1, 2, 3)).argmin()) for x in batch.target]
    for row, words in zip(rows, batch.words, strict=True):
        assert set(words) <= set(attributes.words_for(shots["measures"][row].tolist()))


def test_a_shot_that_the_mask_is_unsure_of_is_no_target_whatever_the_column_was_called(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shots = encoded_shots(people=2, shots=3)
    shots["unsure_share"][4] = 0.5
    for name in ("unsure_share", "doubt"):  # the second in older files
        shots[name] = shots.pop("unsure_share")
        torch.save(shots, tmp_path / f"{name}.pt")
        people = ShotDataset([tmp_path / f"{name}.pt"], np.random.default_rng(0))
        assert set(people.rows) == {0, 1, 2, 3, 5}
