"""FaceID, FaceID Plus and Plus v2 on both bases agree with the published method, computed once more in plain torch."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from insightface.utils.face_align import norm_crop
from safetensors.torch import load_file
from transformers import CLIPImageProcessorPil

from benchmarks.common.random_checkpoints import adapters
from benchmarks.common.random_checkpoints.sizes import CLIP_WIDTH
from benchmarks.common.random_checkpoints.tensors import Shapes, random_weights
from pipelines.engine_spec import EngineSpec
from pipelines.engines.adapters import clip_crop
from pipelines.engines.engine import Condition, Engine
from tests.support import faceid_reference as reference
from tests.support.tiny_engines import adapter_file, base_file, draw, load, noise_person

pytestmark = pytest.mark.slow

STRENGTH, STRUCTURE = 0.6, 0.7


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """One of the published kinds of adapter."""

    adapter_class: str
    layer: str
    """Diffusers' class for its projection, so that the test looks at what it means."""
    shapes: Callable[[int], Shapes]
    tokens: Callable[[Mapping[str, torch.Tensor], torch.Tensor, torch.Tensor], torch.Tensor]
    """Function of `image_proj`, the embeddings (B, 512) and CLIP's views (B, patches, clip width)."""


def _plus(width: int) -> Shapes:
    return adapters.plus_projection(width, CLIP_WIDTH)


KINDS = {
    "FaceID": Kind(
        adapter_class="pipelines.engines.adapters:FaceIDAdapter",
        layer="IPAdapterFaceIDImageProjection",
        shapes=adapters.face_id_projection,
        tokens=lambda weights, embeddings, _: reference.face_id_tokens(weights, embeddings),
    ),
    "FaceID Plus v2": Kind(
        adapter_class="pipelines.engines.adapters:FaceIDPlusV2Adapter",
        layer="IPAdapterFaceIDPlusImageProjection",
        shapes=_plus,
        tokens=lambda weights, embeddings, clip: reference.plus_v2_tokens(weights, embeddings, clip, STRUCTURE),
    ),
}


def of_kind(row: EngineSpec, kind: Kind, file: Path) -> EngineSpec:
    """The row with an adapter of this kind, written to `file`; its LoRA is in it."""
    adapter = torch.load(adapter_file(row), weights_only=True)["ip_adapter"]
    width = next(weight.shape[1] for key, weight in adapter.items() if key.endswith("to_k_ip.weight"))
    adapters.save_adapter(file, random_weights(kind.shapes(width), seed=3), adapter)
    source = dataclasses.replace(row.adapter_source, repo=str(file.parent), weight_name=file.name)
    return dataclasses.replace(row, adapter=source, adapter_class=kind.adapter_class)


def crossed(engine: Engine, condition: Condition) -> dict[str, Any]:
    """Inputs and outputs of every cross-attention in the first step of a picture, and of the projection."""
    seen: dict[str, Any] = {}

    def remember(name: str) -> Any:
        def hook(_module: Any, args: Any, kwargs: Any, output: Any) -> None:
            seen.setdefault(name, (args, kwargs, output))

        return hook

    unet = engine.pipeline.unet
    modules = {name: module for _, name, module in adapters.attentions(unet) if name.endswith("attn2")}
    modules["projection"] = unet.encoder_hid_proj
    hooks = [module.register_forward_hook(remember(name), with_kwargs=True) for name, module in modules.items()]
    draw(engine, condition, identity_strength=STRENGTH, structure=STRUCTURE)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("name", KINDS)
def test_projection_and_every_cross_attention_agree_with_the_published_method(
    row: EngineSpec, name: str, tmp_path: Path
) -> None:
    kind = KINDS[name]
    engine = load(of_kind(row, kind, tmp_path / "adapter.bin"))
    assert type(engine.pipeline.unet.encoder_hid_proj.image_projection_layers[0]).__name__ == kind.layer
    assert engine.pipeline.get_active_adapters() == ["faceid_0"]
    condition = engine.condition(noise_person(1))
    seen = crossed(engine, condition)

    weights = torch.load(tmp_path / "adapter.bin", weights_only=True)
    embeddings = torch.cat([torch.zeros(1, 512), condition.embedding[0]])  # nobody's first, for guidance
    face = kind.tokens(
        weights["image_proj"],
        embeddings,
        torch.cat([condition.structures[0].unconditional, condition.structures[0].person])[:, 0],
    )
    assert face.shape == (2, 4, engine.pipeline.unet.config.cross_attention_dim)
    _, _, (tokens,) = seen.pop("projection")
    assert torch.allclose(tokens.flatten(0, -3), face, atol=1e-4)

    base, adapter = load_file(base_file(row, "unet")), weights["ip_adapter"]
    for number, place, attention in adapters.attentions(engine.pipeline.unet):
        if not place.endswith("attn2"):
            continue
        (states,), kwargs, output = seen.pop(place)
        own = {key.removeprefix(f"{place}."): weight for key, weight in base.items() if key.startswith(f"{place}.")}
        given = (own, adapter, number, states, kwargs["encoder_hidden_states"][0], face)
        expected, without = (
            reference.decoupled_attention(*given, heads=attention.heads, strength=strength)
            for strength in (STRENGTH, 0.0)
        )
        assert torch.allclose(output, expected, atol=1e-4), place
        assert not torch.allclose(output, without, atol=1e-2), place  # so that the face does count in this test
    assert not seen

    as_safetensors = load(of_kind(row, kind, tmp_path / "adapter.safetensors"))
    assert np.array_equal(draw(engine, condition), draw(as_safetensors, condition))


def test_clip_sees_the_face_as_the_published_method_crops_it(row: EngineSpec, engine: Engine) -> None:
    person = noise_person(1)
    shot = person.best
    published = norm_crop(shot.image[..., ::-1], shot.face.landmarks, image_size=224)
    crop = clip_crop(shot.image, shot.face.landmarks)[..., ::-1]
    assert np.abs(crop.astype(int) - published).mean() < 0.5
    processed = CLIPImageProcessorPil()(crop, return_tensors="pt").pixel_values
    encoder = engine.pipeline.image_encoder
    with torch.no_grad():
        views = [encoder(pixels, output_hidden_states=True).hidden_states[-2] for pixels in (processed * 0, processed)]
    ours = engine.condition(person).structures[0]
    swapped = load(dataclasses.replace(row, clip_colours="rgb")).condition(person).structures[0]
    assert not torch.allclose(ours.person, swapped.person, atol=1e-2)
    for our_view, published_view in zip((ours.unconditional, ours.person), views, strict=True):
        assert torch.allclose(our_view[0], published_view, atol=1e-5)
