"""Fine-tuning of the autoencoder: people and light unlike the training data's."""

import pytest
import torch

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from tests.support.made_up_training import dots
from training.data.face_shards import Faces, decode_pictures
from training.losses.arcface import ArcFace
from training.stages import autoencoder, mobilestylegan, rgb_head
from training.stages.autoencoder_finetune import FacePictures, FinetuneLoss, StyledPictures, mirror, relight, warp

pytestmark = pytest.mark.slow


def brightest(picture: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """The brightest pixel within 12 px of a place: (x, y)."""
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    inside = torch.where(torch.hypot(x - near[0], y - near[1]) < 12, picture[0], torch.tensor(-2.0))
    return torch.stack([inside.argmax() % 256, inside.argmax() // 256]).float()


def test_warping_a_face_takes_its_landmarks_along() -> None:
    torch.manual_seed(0)
    before, after = dots(), warp(dots(), field=0.03)
    assert (after.landmarks - before.landmarks).abs().max() > 3
    for picture, landmarks in zip(after.picture, after.landmarks, strict=True):
        for place in landmarks:
            assert torch.dist(brightest(picture, place), place) < 2


def test_a_mirrored_face_has_its_left_eye_on_the_left_again() -> None:
    after = mirror(dots(), torch.tensor([True, False]))
    assert torch.equal(after.landmarks[1], dots().landmarks[1])
    assert (after.landmarks[:, 0, 0] < after.landmarks[:, 1, 0]).all()
    for picture, landmarks in zip(after.picture, after.landmarks, strict=True):
        for place in landmarks:
            assert torch.dist(brightest(picture, place), place) < 1.5
    twice = mirror(after, torch.tensor([True, False]))
    assert torch.equal(twice.picture, dots().picture) and torch.allclose(twice.landmarks, dots().landmarks)


def test_other_light_changes_the_colours_and_stays_a_picture() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(8, 3, 256, 256) * 2 - 1
    lit = relight(pictures)
    assert float(lit.min()) >= -1 and float(lit.max()) <= 1 and bool(torch.isfinite(lit).all())
    assert float((lit - pictures).abs().mean((1, 2, 3)).min()) > 0.01


@pytest.mark.parametrize("trained", [("encoder", "decoder"), ("decoder",)])
def test_fine_tuning_learns_from_pictures_without_features(
    synthesis: mobilestylegan.Synthesis, arcface: ArcFace, faces: Faces, trained: tuple[str, ...]
) -> None:
    torch.manual_seed(0)
    vae = FaceAutoencoder()
    vae.synthesis.load_state_dict(synthesis.upper.state_dict())
    autoencoder.measure_targets(vae, synthesis, faces.style[:8])
    phase = FinetuneLoss(vae, synthesis, rgb_head.build(128), arcface).requires_grad_(False)
    for part in trained:
        getattr(vae, part).requires_grad_(True)
    shown = FacePictures(decode_pictures(faces.webp, range(3)), faces.landmarks[:3])
    known = StyledPictures(
        FacePictures(shown.picture[:1], shown.landmarks[:1]), faces.style[:1, None].expand(-1, synthesis.styles, -1)
    )
    with torch.compiler.set_stance("force_eager"):
        total, features, cosine = phase(known, FacePictures(shown.picture[1:], shown.landmarks[1:]))
    total.backward()
    assert torch.isfinite(total) and features > 0 and -1 <= cosine <= 1
    for part in ("encoder", "decoder"):
        learns = [p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in getattr(vae, part).parameters()]
        assert all(learns) if part in trained else not any(learns)
    assert all(p.grad is None for p in [*vae.synthesis.parameters(), *phase.head.parameters(), *arcface.parameters()])
