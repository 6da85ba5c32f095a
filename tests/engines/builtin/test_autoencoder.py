"""The built-in model's autoencoder: a person goes through latents of 64 x 8 x 8 and comes out at 1024 x 1024."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipelines.engine_spec import import_by_path
from pipelines.engine_table import ENGINES
from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.engines.builtin.arcface_maps import ArcFaceMapper, ArcFaceMaps
from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.mobilestylegan import inverse_haar
from pipelines.engines.builtin.mobilestylegan_onnx import OnnxLayers
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.faces.models import FACE_MODELS, read_verified
from tests.conftest import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def vae() -> FaceAutoencoder:
    part = ENGINES["builtin"].components["vae"]
    source = part.source
    return import_by_path(part.class_path).from_pretrained(source.repo, subfolder=source.subfolder, dtype=torch.float32)


def test_a_person_it_never_saw_is_the_same_person_afterwards(
    vae: FaceAutoencoder, analyser: FaceAnalyser, people: list[Person]
) -> None:
    mapper = ArcFaceMapper(read_verified(FACE_MODELS["w600k_mbf"]))
    cosines = []
    for person in people[:3]:
        face = choose(analyser.analyse(person.selfie))
        aligned, landmarks = ffhq_align(person.selfie, face.landmarks)
        picture = torch.from_numpy(aligned).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            latents = vae.encode(picture, mapper(picture, landmarks))
            decoded, preview = vae.decode(latents).sample, vae.preview(latents)
        assert latents.shape == (1, 64, 8, 8) and float(latents.abs().max()) < 3
        assert decoded.shape == (1, 3, 1024, 1024) and float(decoded.abs().max()) <= 1
        assert preview.shape == (1, 3, 128, 128)
        assert (F.interpolate(decoded, 128, mode="area") - preview).abs().mean() < 0.1  # of 2: it shows what will come
        out = ((decoded[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
        cosines.append(float(analyser.analyse(out)[0].embedding @ face.embedding))
    assert min(cosines) > 0.35 and np.mean(cosines) > 0.45  # two shots of one person: 0.53 to 0.68; strangers: 0.1


def test_the_factor_between_picture_and_latents_is_what_diffusers_derives(vae: FaceAutoencoder) -> None:
    assert 1024 // 2 ** (len(vae.config["block_out_channels"]) - 1) == 8


def test_onnxruntime_draws_what_the_torch_layers_draw(vae: FaceAutoencoder) -> None:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        features, style = vae.features(torch.randn(2, 64, 8, 8, generator=generator))
        ours, torchs = OnnxLayers(vae.synthesis)(features, style), vae.synthesis(features, style)
    assert ours.shape == (2, 3, 1024, 1024)
    assert torch.allclose(ours, torchs, atol=1e-4) and float(torchs.std()) > 0.1


def test_latents_stay_bounded_whatever_comes_in(vae: FaceAutoencoder) -> None:
    generator = torch.Generator().manual_seed(0)
    maps = tuple(torch.randn(1, c, s, s, generator=generator) * 50 for c, s in ((128, 32), (256, 16), (256, 8)))
    noise = torch.randn(1, 3, 256, 256, generator=generator) * 5
    with torch.no_grad():
        latents = vae.encode(noise, ArcFaceMaps(maps, F.normalize(torch.randn(1, 512, generator=generator))))
    assert torch.isfinite(latents).all() and float(latents.abs().max()) <= 3


def test_the_wavelets_keep_a_pictures_energy() -> None:
    coefficients = torch.randn(2, 12, 8, 8, generator=torch.Generator().manual_seed(0))
    picture = inverse_haar(coefficients)
    assert picture.shape == (2, 3, 16, 16)
    assert torch.isclose((picture**2).sum(), (coefficients**2).sum(), rtol=1e-4)
