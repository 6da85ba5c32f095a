"""What a person who trains the built-in model anew relies on: every stage runs, stops, goes on, and fits the app."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

from pipelines.arcface_maps import ArcFaceMapper
from pipelines.autoencoder import FaceAutoencoder
from pipelines.engine_table import ENGINES, MODELS
from pipelines.loading import load_pipeline
from pipelines.recognisers import FACE_MODELS, locate
from pipelines.vocabulary import VOCABULARY
from training import attributes, autoencoder, diffusion, make_faces, mobilestylegan, pairs, rgb_head
from training.arcface import ArcFace
from training.autoencoder_wide import Phase, Shown, bent, mirrored, relit
from training.checkpoint import Run
from training.export import export
from training.faces import HELD_OUT, Faces, load_faces, pictures
from training.landmarks import Landmarks, load_landmarks
from training.landmarks import main as train_landmarks
from training.latents import strange
from training.model import WORDS, build, set_identity_scale, token_ids
from training.people import People, without_shared_direction

W600K_MBF = locate(FACE_MODELS["w600k_mbf"])
LANDMARKS = np.array([[98, 120], [158, 120], [128, 155], [103, 188], [153, 188]], np.float32)
"""Of a face that looks straight ahead, in a 256 px picture."""


@pytest.fixture(scope="module")
def arcface() -> ArcFace:
    return ArcFace(W600K_MBF)


@pytest.fixture(scope="module")
def synthesis() -> mobilestylegan.Synthesis:
    """The network's shape, with random weights: its own come with the package random-face."""
    torch.manual_seed(0)
    network = mobilestylegan.Synthesis()
    for name, parameter in network.named_parameters():
        parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5 if parameter.dim() > 1 else parameter)
        if name.endswith("affine.bias"):
            parameter.fill_(1.0)
    return network


def landmarks(person: int) -> np.ndarray:
    """LANDMARKS, a little different for each person."""
    return LANDMARKS + np.random.default_rng(person).integers(-3, 4, (5, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    """A shard of people with noise for faces, written and read back."""
    folder, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    noise = rng.integers(0, 256, (HELD_OUT + 16, 8, 8, 3), dtype=np.uint8).repeat(32, 1).repeat(32, 2)
    rows = [
        make_faces.Person(rng.normal(size=512), rng.normal(size=512) * 20, landmarks(k) * 2, make_faces.webp(picture))
        for k, picture in enumerate(noise)
    ]
    make_faces.write_shard(folder / "faces_001_000.npz", rows)
    return load_faces(folder)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock takes a second, so that a time box holds the same steps each time."""
    ticks = itertools.count()
    monkeypatch.setattr("training.checkpoint.time", SimpleNamespace(monotonic=lambda: float(next(ticks))))


# Checkpoints


def sitting(
    path: Path, until: int, monkeypatch: pytest.MonkeyPatch, start: float = 0
) -> tuple[list[torch.Tensor], float]:
    """Trains a tiny network up to step `until`, a second each; gives its weights, averages and last learning rate."""
    now = [start]
    monkeypatch.setattr("training.checkpoint.time", SimpleNamespace(monotonic=lambda: now[0]))
    run = Run(path, minutes=0.5, seed=3)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 4))
    optimiser = torch.optim.AdamW(module.parameters(), 0.1)
    average = [p.detach().clone() for p in module.parameters()]
    run.resume({"net": module}, optimiser, average)
    rate = 0.0
    while run.step < until:
        rate = run.learning_rate(0.1, warm_up=3)
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = torch.from_numpy(run.rng.normal(size=(5, 4)).astype(np.float32)) + torch.randn(5, 4)
        optimiser.zero_grad()
        (module(x) - x).square().mean().backward()
        optimiser.step()
        run.step += 1
        now[0] += 1
        torch._foreach_lerp_(average, [p.detach() for p in module.parameters()], 0.3)
    run.save({"net": module}, optimiser, average)
    return [*(p.detach() for p in module.parameters()), *average], rate


def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight, rate = sitting(tmp_path / "straight.pt", 20, monkeypatch)
    sitting(tmp_path / "stopped.pt", 9, monkeypatch)
    torch.randn(7)  # whatever happens in between
    resumed, resumed_rate = sitting(tmp_path / "stopped.pt", 20, monkeypatch, start=1000)
    assert all(torch.equal(a, b) for a, b in zip(straight, resumed, strict=True))
    assert rate == resumed_rate > 0


def test_a_run_that_is_killed_while_saving_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting(tmp_path / "run.pt", 2, monkeypatch)
    (tmp_path / "run.part").write_bytes((tmp_path / "run.pt").read_bytes()[:100])
    sitting(tmp_path / "run.pt", 3, monkeypatch)
    assert torch.load(tmp_path / "run.pt", weights_only=True)["step"] == 3


# What the losses look through


def test_arcface_in_torch_sees_what_onnxruntime_sees(arcface: ArcFace) -> None:
    torch.manual_seed(1)
    picture = F.interpolate(torch.rand(1, 3, 32, 32) * 2 - 1, size=256, mode="bicubic")
    session = onnxruntime.InferenceSession(W600K_MBF, providers=["CPUExecutionProvider"])
    crop = torch.rand(2, 3, 112, 112) * 2 - 1
    for one in crop.split(1):
        expected = session.run(None, {session.get_inputs()[0].name: one.numpy()})[0]
        assert np.abs(arcface(one)[0].numpy() - expected).max() < 1e-4 * np.abs(expected).max()
    ours = arcface.maps(picture, torch.from_numpy(LANDMARKS)[None])
    theirs = ArcFaceMapper(W600K_MBF)(picture, LANDMARKS)
    assert (ours.embedding - theirs.embedding).abs().max() < 1e-4
    for a, b in zip(ours.maps, theirs.maps, strict=True):
        assert (a - b).abs().max() < 1e-3  # in deviations


def test_the_loss_can_push_a_picture_towards_an_embedding(arcface: ArcFace) -> None:
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    arcface.embed(picture, torch.from_numpy(LANDMARKS)[None] / 2).sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in arcface.parameters())


# The synthesis network


def test_one_style_for_all_layers_is_the_same_as_that_style_in_each(synthesis: mobilestylegan.Synthesis) -> None:
    style = torch.randn(1, 512)
    assert synthesis.styles == 23
    each = style[:, None].expand(-1, synthesis.styles, -1)
    for side, channels in ((32, 512), (64, 512)):
        features = synthesis.head(style, side)
        assert features.shape == (1, channels, side, side)
        assert torch.equal(features, synthesis.head(each, side))


def test_the_styles_of_the_upper_layers_leave_the_lower_features_alone(synthesis: mobilestylegan.Synthesis) -> None:
    each = torch.randn(1, 512)[:, None].repeat(1, synthesis.styles, 1)
    mixed = torch.cat([each[:, :10], torch.randn(1, 13, 512)], 1)
    assert torch.equal(synthesis.head(each, 32), synthesis.head(mixed, 32))
    assert not torch.allclose(synthesis.head(each, 64), synthesis.head(mixed, 64))


def openvino_constants(state: dict[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """The constants of a network as random-face's file orders and names them; every second gain is 2."""
    blocks = [f"lower.blocks.{k}" for k in range(3)] + [f"upper.blocks.{k}" for k in range(4)]
    modulations = {
        "lower.modulation": "m.conv1.conv.modulation",
        "upper.out_modulation": "m.layers.6.to_img.conv.modulation",
    }
    for k, block in enumerate(blocks):
        modulations[f"{block}.modulation"] = f"m.layers.{k}.up.modulation"
        modulations[f"{block}.first.modulation"] = f"m.layers.{k}.conv1.conv.modulation"
        modulations[f"{block}.second.modulation"] = f"m.layers.{k}.conv2.conv.modulation"
    for number, (ours, theirs) in enumerate(modulations.items()):
        gain = 2 if number % 2 else 1
        yield f"{theirs}.weight", state[f"{ours}.affine.weight"] / gain
        yield f"{theirs}.bias", state[f"{ours}.affine.bias"][None] / gain
        if number % 2:
            yield f"gain {number}", torch.full((1, 1, 1, 1), 2.0)
    yield "m.input.input", state["lower.constant"]
    yield "weight", state["lower.convolution.weight"]
    yield "noise", state["lower.noise"]
    yield "m.conv1.bias", state["lower.convolution.bias"].reshape(1, -1, 1, 1)
    for k, block in enumerate(blocks):
        for ours, theirs in (("first", "conv1"), ("second", "conv2")):
            yield f"m.layers.{k}.{theirs}.conv.weight_dw", state[f"{block}.{ours}.depthwise.weight"][:, None]
            yield "weight", state[f"{block}.{ours}.pointwise.weight"]
            yield "noise", state[f"{block}.{ours}.noise"]
            yield f"m.layers.{k}.{theirs}.bias", state[f"{block}.{ours}.pointwise.bias"].reshape(1, -1, 1, 1)
    yield "m.layers.6.to_img.conv.weight", state["upper.out.weight"]
    yield "m.layers.6.to_img.bias", state["upper.out.bias"].reshape(1, -1, 1, 1)


def test_random_faces_files_become_the_network_they_describe(
    synthesis: mobilestylegan.Synthesis, tmp_path: Path
) -> None:
    root, data = ElementTree.Element("net"), b""
    for name, value in openvino_constants(synthesis.state_dict()):
        layer = ElementTree.SubElement(root, "layer", name=name, type="Const")
        raw, shape = value.numpy().tobytes(), ", ".join(map(str, value.shape))
        ElementTree.SubElement(
            layer, "data", element_type="f32", shape=shape, offset=str(len(data)), size=str(len(raw))
        )
        data += raw
    ElementTree.ElementTree(root).write(tmp_path / "net.xml")
    (tmp_path / "net.bin").write_bytes(data)
    read = mobilestylegan.synthesis_state(mobilestylegan.read_constants(tmp_path / "net.xml"))
    expected = synthesis.state_dict()
    assert read.keys() == expected.keys()
    assert all(torch.equal(read[name], expected[name]) for name in expected)


# Faces and second shots


def test_a_shard_holds_what_was_put_in(faces: Faces) -> None:
    assert len(faces.webp) == len(faces.style) == HELD_OUT + 16
    assert torch.equal(faces.landmarks[5], torch.from_numpy(landmarks(5)))
    assert torch.allclose(faces.embedding.norm(dim=1), torch.ones(HELD_OUT + 16))
    shown = pictures(faces.webp, [0, 1])
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
    shots = pairs.Shots(faces, synthesis)
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
    everybody = np.concatenate([pairs.people_of_part(order, part, pairs.PART) for part in range(3)])
    assert np.array_equal(everybody, np.concatenate([order, order]))


# Words


def drawn(backdrop: float = 0.5, clothes: float = 0.4, left: float = 0.5, right: float = 0.5) -> np.ndarray:
    """A picture (256, 256, 3) of grey levels: backdrop above, clothes below, two cheeks."""
    picture = np.full((256, 256, 3), backdrop, np.float32)
    picture[-40:] = clothes
    picture[80:-40, 64:128], picture[80:-40, 128:192] = left, right
    return picture


def looking(shift: float = 0.0, smile: float = 0.0) -> np.ndarray:
    """LANDMARKS with the nose moved and the mouth widened, in eye distances."""
    points = LANDMARKS.copy()
    points[2, 0] += 60 * shift
    points[3, 0] -= 30 * smile
    points[4, 0] += 30 * smile
    return points


@pytest.mark.parametrize(
    ("picture", "points", "words"),
    [
        (drawn(), looking(), "facing plain-backdrop"),
        (drawn(), looking(shift=0.2), "turned-right plain-backdrop"),
        (drawn(), looking(shift=-0.2), "turned-left plain-backdrop"),
        (drawn(), looking(smile=0.2), "facing smiling plain-backdrop"),
        (drawn(), looking(smile=-0.1), "facing serious plain-backdrop"),
        (drawn(backdrop=0.8), looking(), "facing light-backdrop plain-backdrop"),
        (drawn(backdrop=0.1), looking(), "facing dark-backdrop plain-backdrop"),
        (drawn(clothes=0.1), looking(), "facing plain-backdrop dark-clothes"),
        (drawn(clothes=0.9), looking(), "facing plain-backdrop light-clothes"),
        (drawn(left=0.6), looking(), "facing plain-backdrop lit-left"),
        (drawn(right=0.6), looking(), "facing plain-backdrop lit-right"),
        (drawn() * (1, 0.8, 0.6), looking(), "facing plain-backdrop warm-backdrop"),
        (drawn() * (0.5, 0.9, 0.5), looking(), "facing plain-backdrop green-backdrop"),
    ],
)
def test_the_words_say_what_stands_in_the_picture(picture: np.ndarray, points: np.ndarray, words: str) -> None:
    shown = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    measures = attributes.measure(shown, torch.from_numpy(points)[None])
    assert attributes.words_for(measures[0]) == words.split()


def test_a_direction_raises_its_own_measure_by_one_deviation() -> None:
    rng = np.random.default_rng(2)
    styles = torch.from_numpy(rng.normal(size=(2000, 32)).astype(np.float32))
    readers = rng.normal(size=(32, len(attributes.NAMES)))
    measures = styles.numpy() @ readers
    toward = attributes.directions(styles, measures)
    for k, name in enumerate(attributes.NAMES):
        assert toward[name].numpy() @ readers[:, k] == pytest.approx(measures[:, k].std(), rel=0.2)


def test_training_and_app_speak_the_same_words() -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(MODELS / "builtin" / "tokenizer")
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert tuple(word for word, _ in by_id) == WORDS
    assert set(WORDS[3:]) == set(VOCABULARY) == {word for word, *_ in attributes.RULES}
    for words in ([], ["smiling"], list(VOCABULARY)[:14], list(VOCABULARY)):
        ids = tokenizer(" ".join(words), padding="max_length", truncation=True, max_length=16).input_ids
        assert ids == token_ids(words)


# One step of each training


def test_the_autoencoder_learns_from_a_batch_and_leaves_the_synthesis_network_alone(
    synthesis: mobilestylegan.Synthesis, arcface: ArcFace, faces: Faces
) -> None:
    torch.manual_seed(0)
    vae = FaceAutoencoder()
    vae.synthesis.load_state_dict(synthesis.upper.state_dict())
    autoencoder.measure_targets(vae, synthesis, faces.style[:8])
    vae.synthesis.requires_grad_(False)
    few = Faces(faces.style[:8], faces.landmarks[:8], faces.embedding[:8], faces.webp[:8])
    batch = autoencoder.Data(few, arcface, torch.device("cpu")).batch(np.arange(2))
    with torch.compiler.set_stance("force_eager"):
        loss = autoencoder.losses(vae, synthesis, arcface, batch, look_at=1)
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


def encoded_shots(people: int, shots: int) -> dict[str, torch.Tensor]:
    """What training.latents writes, made up: shots of one person have nearly the same embedding."""
    n = people * shots
    person = torch.arange(people).repeat_interleave(shots)
    embedding = F.normalize(torch.randn(people, 512), dim=1)[person] + 0.01 * torch.randn(n, 512)
    return {
        "latents": torch.randn(n, 64, 8, 8).half(), "reference": torch.randn(n, 64, 8, 8).half(),
        "embedding": F.normalize(embedding, dim=1).half(), "measures": torch.rand(n, 11),
        "landmarks": torch.from_numpy(LANDMARKS).repeat(n, 1, 1), "person": person,
    }  # fmt: skip


def test_a_batch_puts_only_shots_of_one_person_together(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shots = encoded_shots(people=6, shots=3)
    shots["embedding"][0] *= -1  # somebody else, by the recogniser
    torch.save(shots, tmp_path / "latents.pt")
    people = People([tmp_path / "latents.pt"], np.random.default_rng(0))
    assert set(people.rows) == set(range(1, 18))
    batch = people.batch(64)
    assert F.cosine_similarity(batch.identity, batch.own).min() > 0.9
    rows = [int((people.latents.float() * people.scale - x).abs().sum((1, 2, 3)).argmin()) for x in batch.target]
    for row, words in zip(rows, batch.words, strict=True):
        assert set(words) <= set(attributes.words_for(shots["measures"][row]))


def test_what_words_miss_is_nothing_where_their_rules_hold_and_pulls_where_they_do_not() -> None:
    deviations = torch.full((len(attributes.NAMES),), 0.2)
    measures = torch.zeros(2, len(attributes.NAMES), requires_grad=True)
    turn = attributes.NAMES.index("turn")
    with torch.no_grad():
        measures[0, turn] = 0.4
    off = attributes.missed(measures, [["turned-right"], ["turned-right"]], deviations)
    assert off[0] == 0 and off[1] > 1
    off.sum().backward()
    assert measures.grad is not None
    assert measures.grad[1, turn] < 0 and measures.grad.count_nonzero() == 1


@pytest.mark.usefixtures("clock")
def test_the_diffusion_model_trains_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    torch.save(encoded_shots(people=2, shots=2), tmp_path / "latents.pt")
    save_file(rgb_head.build(128).state_dict(), tmp_path / "rgb128.safetensors")
    save_file(Landmarks().state_dict(), tmp_path / "landmarks.safetensors")

    def train(minutes: str) -> dict:
        arguments = (
            f"--latents {tmp_path}/latents.pt --vae {MODELS}/builtin/vae --rgb {tmp_path}/rgb128.safetensors "
            f"--landmarks {tmp_path}/landmarks.safetensors --start {MODELS}/builtin --out {tmp_path}/run.pt "
            f"--batch 3 --through-gan 2 --beside 1 --minutes {minutes}"
        )
        monkeypatch.setattr("sys.argv", ["diffusion", *arguments.split()])
        with torch.compiler.set_stance("force_eager"):
            diffusion.main()
        return torch.load(tmp_path / "run.pt", weights_only=True)

    first, second = train("0.04"), train("0.1")
    assert 0 < first["step"] < second["step"]
    assert all(torch.isfinite(t).all() for t in second["average"])
    assert not all(torch.equal(a, b) for a, b in zip(first["average"], second["average"], strict=True))


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


def test_the_landmark_net_learns_from_shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dots()
    picture = (shown.picture * 127.5 + 127.5).permute(0, 2, 3, 1).to(torch.uint8).repeat(200, 1, 1, 1)
    torch.save({"picture": picture, "landmarks": shown.landmarks.repeat(200, 1, 1)}, tmp_path / "pairs.pt")
    out = tmp_path / "landmarks.safetensors"
    torch.manual_seed(0)
    before = F.l1_loss(Landmarks()(shown.picture), shown.landmarks)
    arguments = f"--pairs {tmp_path}/pairs.pt --out {out} --batch 8 --minutes 0.05"
    monkeypatch.setattr("sys.argv", ["landmarks", *arguments.split()])
    train_landmarks()
    assert F.l1_loss(load_landmarks(out)(shown.picture), shown.landmarks) < before / 2


def test_what_is_drawn_and_what_is_seen_of_a_person_are_bent_alike() -> None:
    alpha, which = torch.ones(2, 1, 256, 256), torch.tensor([0, 0])
    torch.manual_seed(1)
    drawn, _ = strange(dots(), alpha, which)
    torch.manual_seed(1)
    seen, bent_alpha = strange(dots(), alpha * 0.5, which)
    assert torch.equal(drawn.picture, seen.picture) and torch.equal(drawn.landmarks, seen.landmarks)
    assert torch.equal(drawn.landmarks[0], drawn.landmarks[1])  # the same person
    assert torch.allclose(bent_alpha, torch.tensor(0.5))
    assert torch.dist(drawn.landmarks[0], dots().landmarks[0]) > 1


def test_the_app_draws_with_the_weights_that_were_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    unet, text = build()
    projector = without_shared_direction(F.normalize(torch.randn(50, 512) + 1, dim=1))
    export(unet, text, FaceAutoencoder.from_pretrained(MODELS / "builtin" / "vae"), 0.8, projector, tmp_path)
    row = ENGINES["builtin"]
    here = {"repo": str(tmp_path)}
    spec = replace(
        row, base=replace(row.base, **here), adapter=replace(row.adapter, **here),
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
    told = {"image_embeds": [identity[:, None]]}
    return unet(sample, torch.tensor(500), context.last_hidden_state, added_cond_kwargs=told).sample


# The autoencoder's second phase


def dots() -> Shown:
    """Two black pictures with a bright dot at every landmark."""
    landmarks = torch.tensor([[96.0, 120], [160, 118], [128, 150], [104, 180], [150, 184]])
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    blobs = torch.stack([torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 18) for px, py in landmarks]).sum(0)
    return Shown((2 * blobs - 1).expand(2, 3, -1, -1).contiguous(), landmarks.expand(2, -1, -1).contiguous())


def brightest(picture: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """The brightest pixel within 12 px of a place: (x, y)."""
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    inside = torch.where(torch.hypot(x - near[0], y - near[1]) < 12, picture[0], torch.tensor(-2.0))
    return torch.stack([inside.argmax() % 256, inside.argmax() // 256]).float()


def test_bending_a_face_takes_its_landmarks_along() -> None:
    torch.manual_seed(0)
    before, after = dots(), bent(dots(), field=0.03)
    assert (after.landmarks - before.landmarks).abs().max() > 3
    for picture, landmarks in zip(after.picture, after.landmarks, strict=True):
        for place in landmarks:
            assert torch.dist(brightest(picture, place), place) < 2


def test_a_mirrored_face_has_its_left_eye_on_the_left_again() -> None:
    after = mirrored(dots(), torch.tensor([True, False]))
    assert torch.equal(after.landmarks[1], dots().landmarks[1])
    assert (after.landmarks[:, 0, 0] < after.landmarks[:, 1, 0]).all()
    for picture, landmarks in zip(after.picture, after.landmarks, strict=True):
        for place in landmarks:
            assert torch.dist(brightest(picture, place), place) < 1.5
    twice = mirrored(after, torch.tensor([True, False]))
    assert torch.equal(twice.picture, dots().picture) and torch.allclose(twice.landmarks, dots().landmarks)


def test_other_light_changes_the_colours_and_stays_a_picture() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(8, 3, 256, 256) * 2 - 1
    lit = relit(pictures)
    assert float(lit.min()) >= -1 and float(lit.max()) <= 1 and bool(torch.isfinite(lit).all())
    assert float((lit - pictures).abs().mean((1, 2, 3)).min()) > 0.01


@pytest.mark.parametrize("trained", [("encoder", "decoder"), ("decoder",)])
def test_the_second_phase_learns_from_people_without_features(
    synthesis: mobilestylegan.Synthesis, arcface: ArcFace, faces: Faces, trained: tuple[str, ...]
) -> None:
    torch.manual_seed(0)
    vae = FaceAutoencoder()
    vae.synthesis.load_state_dict(synthesis.upper.state_dict())
    autoencoder.measure_targets(vae, synthesis, faces.style[:8])
    phase = Phase(vae, synthesis, rgb_head.build(128), arcface).requires_grad_(False)
    for part in trained:
        getattr(vae, part).requires_grad_(True)
    shown = Shown(pictures(faces.webp, range(3)), faces.landmarks[:3])
    known = Shown(shown.picture[:1], shown.landmarks[:1])
    with torch.compiler.set_stance("force_eager"):
        total, features, cosine = phase(known, faces.style[:1], Shown(shown.picture[1:], shown.landmarks[1:]))
    total.backward()
    assert torch.isfinite(total) and features > 0 and -1 <= cosine <= 1
    for part in ("encoder", "decoder"):
        learns = [p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in getattr(vae, part).parameters()]
        assert all(learns) if part in trained else not any(learns)
    assert all(p.grad is None for p in [*vae.synthesis.parameters(), *phase.head.parameters(), *arcface.parameters()])
