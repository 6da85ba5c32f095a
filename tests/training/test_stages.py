"""Steps of each training; the app draws with what comes out."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from pipelines.engine_table import ENGINES
from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.loading import load_pipeline
from pipelines.paths import MODELS
from tests.support.made_up_training import dots, encoded_shots
from training.data.batches import mean_direction_projector
from training.data.face_shards import Faces
from training.losses.arcface import ArcFace
from training.model import build, set_identity_scale, token_ids
from training.stages import (
    autoencoder,
    diffusion,
    interpolate_weights,
    mobilestylegan,
    remove_common_bias,
    rgb_head,
)
from training.stages.export import export
from training.stages.landmarks import LandmarkNet, OnlineLandmarkTrainer, load_landmarks
from training.stages.landmarks import main as train_landmarks
from training.stages.latents import augment_people

pytestmark = pytest.mark.slow


def test_the_autoencoder_learns_from_a_batch_and_leaves_the_synthesis_network_alone(
    synthesis: mobilestylegan.Synthesis, arcface: ArcFace, faces: Faces
) -> None:
    torch.manual_seed(0)
    vae = FaceAutoencoder()
    vae.synthesis.load_state_dict(synthesis.upper.state_dict())
    autoencoder.measure_targets(vae, synthesis, faces.style[:8])
    vae.synthesis.requires_grad_(False)
    few = Faces(faces.style[:8], faces.landmarks[:8], faces.embedding[:8], faces.webp[:8])
    batch = autoencoder.FaceBatches(few, arcface, torch.device("cpu")).batch(np.arange(2))
    with torch.compiler.set_stance("force_eager"):
        loss = autoencoder.losses(vae, synthesis, arcface, batch, judged=1)
    loss.total.backward()
    assert torch.isfinite(loss.total)
    assert -1 <= loss.cosine <= 1
    for name, parameter in [*vae.encoder.named_parameters(), *vae.decoder.named_parameters()]:
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert all(p.grad is None for p in vae.synthesis.parameters())


def test_phone_like_pictures_stay_pictures() -> None:
    torch.manual_seed(0)
    clean = torch.zeros(4, 3, 256, 256)
    for _ in range(5):
        degraded = autoencoder.degrade(clean)
        assert degraded.shape == clean.shape
        assert degraded.abs().max() < 1
    assert autoencoder.face_weight().mean() == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("clock")
def test_the_diffusion_model_trains_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    torch.save(encoded_shots(people=2, shots=2), tmp_path / "latents.pt")
    save_file(rgb_head.build(128).state_dict(), tmp_path / "rgb128.safetensors")
    save_file(LandmarkNet().state_dict(), tmp_path / "landmarks.safetensors")

    def train(minutes: str) -> dict:
        arguments = (
            f"--latents {tmp_path}/latents.pt --vae {MODELS}/builtin/vae --rgb {tmp_path}/rgb128.safetensors "
            f"--landmarks {tmp_path}/landmarks.safetensors --start {MODELS}/builtin --out {tmp_path}/run.pt "
            f"--batch 3 --judged 2 --judged-with-reference 1 --minutes {minutes}"
        )
        monkeypatch.setattr("sys.argv", ["diffusion", *arguments.split()])
        with torch.compiler.set_stance("force_eager"):
            diffusion.main()
        return torch.load(tmp_path / "run.pt", weights_only=True)

    first, second = train("0.04"), train("0.1")
    assert 0 < first["step"] < second["step"]
    assert all(torch.isfinite(t).all() for t in second["average"])
    assert not all(torch.equal(a, b) for a, b in zip(first["average"], second["average"], strict=True))


@pytest.mark.usefixtures("clock")
def test_the_common_bias_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    torch.save(encoded_shots(people=2, shots=2), tmp_path / "latents.pt")
    monkeypatch.setattr(remove_common_bias, "BIAS_BATCHES", 1)
    monkeypatch.setattr(remove_common_bias, "STEPS", (4,))

    def train(minutes: str, model: str = "") -> dict:
        arguments = (
            f"--latents {tmp_path}/latents.pt --start {MODELS}/builtin --vae {MODELS}/builtin/vae --lr 1e-3 "
            f"--out {tmp_path}/run.pt --batch 3 --minutes {minutes} {model}"
        )
        monkeypatch.setattr("sys.argv", ["remove_common_bias", *arguments.split()])
        remove_common_bias.main()
        return torch.load(tmp_path / "run.pt", weights_only=True)

    first, second = train("0.05"), train("0.6", f"--model {tmp_path}/model")
    excess = second["modules"]["excess"]["0"]
    assert torch.equal(excess, first["modules"]["excess"]["0"])
    assert excess[:, 7].abs().max() == 0 and excess[:, :6].abs().mean() > 0.1
    steps = [line.split("[")[1].split() for line in capsys.readouterr().out.splitlines() if "[" in line]
    assert float(steps[-1][0]) < 0.8 * excess.square().mean()
    written, _ = build(tmp_path / "model")
    trained = dict(zip(dict(written.named_parameters()), second["average"], strict=True))
    assert torch.allclose(written.conv_out.weight, trained["conv_out.weight"], atol=1e-3)


def test_interpolated_weights_lie_as_far_as_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("before", 1.0), ("after", 2.0)):
        for part in interpolate_weights.PARTS:
            (tmp_path / name / part).parent.mkdir(parents=True, exist_ok=True)
            save_file({"weight": torch.full((2,), value, dtype=torch.float16)}, tmp_path / name / part)
    folders = [f"--{name}={tmp_path / name}" for name in ("before", "after", "out")]
    monkeypatch.setattr("sys.argv", ["interpolate_weights", *folders, "--share=0.25"])
    interpolate_weights.main()
    for part in interpolate_weights.PARTS:
        weight = load_file(tmp_path / "out" / part)["weight"]
        assert weight.dtype == torch.float16 and weight.tolist() == [1.25, 1.25]


def test_a_model_that_is_trained_further_starts_as_it_was_shipped() -> None:
    unet, text = build(MODELS / "builtin")
    shipped = load_pipeline(ENGINES["builtin"], torch.float32)
    shipped.set_ip_adapter_scale(1.0)
    set_identity_scale(unet, 1.0)
    torch.manual_seed(0)
    sample, identity = torch.randn(1, 64, 8, 8), F.normalize(torch.randn(1, 512), dim=1)
    ids = torch.tensor([token_ids(["facing"])])
    with torch.no_grad():
        ours = draw(unet, text(ids), sample, sample, identity)
        theirs = draw(shipped.unet, shipped.text_encoder(ids), sample, sample, identity)
    assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.usefixtures("clock")
def test_the_landmark_net_learns_from_shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dots()
    picture = (shown.picture * 127.5 + 127.5).permute(0, 2, 3, 1).to(torch.uint8).repeat(200, 1, 1, 1)
    torch.save({"picture": picture, "landmarks": shown.landmarks.repeat(200, 1, 1)}, tmp_path / "pairs.pt")
    out = tmp_path / "landmarks.safetensors"
    torch.manual_seed(0)
    before = F.l1_loss(LandmarkNet()(shown.picture), shown.landmarks)
    arguments = f"--pairs {tmp_path}/pairs.pt --out {out} --batch 8 --minutes 1"
    monkeypatch.setattr("sys.argv", ["landmarks", *arguments.split()])
    train_landmarks()
    assert F.l1_loss(load_landmarks(out)(shown.picture), shown.landmarks) < before / 2


def test_the_landmark_net_goes_on_learning_from_faces_it_judges(astronaut: np.ndarray) -> None:
    face = cv2.resize(astronaut[:256, 96:352], (256, 256))
    pictures = torch.from_numpy(np.stack([face, face[:, ::-1]])).permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.manual_seed(0)
    net = LandmarkNet().requires_grad_(False)
    trainer = OnlineLandmarkTrainer(net, np.random.default_rng(0), lr=5e-4, buffer_size=2)
    first = trainer.learn(pictures)
    for _ in range(20):
        last = trainer.learn(pictures)
    assert last < first / 2
    assert not any(p.requires_grad for p in net.parameters())
    before = next(net.parameters()).clone()
    anew = OnlineLandmarkTrainer(net, np.random.default_rng(0))  # without the momentum of what was learned before
    assert anew.learn(torch.zeros(2, 3, 256, 256)) == 0  # nobody there: nothing to learn
    assert torch.equal(before, next(net.parameters()))


def test_target_and_reference_of_a_person_are_warped_alike() -> None:
    alpha, which = torch.ones(2, 1, 256, 256), torch.tensor([0, 0])
    torch.manual_seed(1)
    drawn, _ = augment_people(dots(), alpha, which)
    torch.manual_seed(1)
    seen, warped_alpha = augment_people(dots(), alpha * 0.5, which)
    assert torch.equal(drawn.picture, seen.picture) and torch.equal(drawn.landmarks, seen.landmarks)
    assert torch.equal(drawn.landmarks[0], drawn.landmarks[1])  # the same person
    assert torch.allclose(warped_alpha, torch.tensor(0.5))
    assert torch.dist(drawn.landmarks[0], dots().landmarks[0]) > 1


def test_the_app_draws_with_the_weights_that_were_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    unet, text = build()
    projector = mean_direction_projector(F.normalize(torch.randn(50, 512) + 1, dim=1))
    export(unet, text, FaceAutoencoder.from_pretrained(MODELS / "builtin" / "vae"), 0.8, projector, tmp_path)
    row = ENGINES["builtin"]
    here = {"repo": str(tmp_path)}
    spec = replace(
        row, base=replace(row.base, **here), adapter=replace(row.adapter_source, **here),
        components={k: replace(part, source=replace(part.source, **here)) for k, part in row.components.items()},
    )  # fmt: skip
    pipeline = load_pipeline(spec, torch.float32)
    assert pipeline.vae.config.scaling_factor == 0.8

    identity, words = F.normalize(torch.randn(1, 512), dim=1), ["facing", "smiling"]
    tokens = pipeline.tokenizer(" ".join(words), padding="max_length", max_length=16, return_tensors="pt").input_ids
    sample, reference = torch.randn(1, 64, 8, 8), torch.randn(1, 64, 8, 8)
    set_identity_scale(unet, 1.0)
    pipeline.set_ip_adapter_scale(1.0)
    with torch.no_grad():
        trained = draw(
            unet.float(), text.float()(torch.tensor([token_ids(words)])), sample, reference, identity @ projector
        )
        shipped = draw(pipeline.unet, pipeline.text_encoder(tokens), sample, reference, identity)
        other = draw(pipeline.unet, pipeline.text_encoder(tokens), sample, reference, -identity)
    assert (trained - shipped).abs().max() < 0.02 * trained.std()  # float16 on disk
    assert (shipped - other).abs().max() > 0.1 * (trained - shipped).abs().max()


def draw(unet: torch.nn.Module, context, sample: torch.Tensor, reference: torch.Tensor, identity: torch.Tensor):
    unet.reference = reference
    embeds = {"image_embeds": [identity[:, None]]}
    return unet(sample, torch.tensor(500), context.last_hidden_state, added_cond_kwargs=embeds).sample
