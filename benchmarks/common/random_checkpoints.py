"""Random checkpoints of the large engines in their true layouts, tiny ones for tests or as large as published.

The layouts are those of the published files, tensor for tensor: at full size they give the published files' bytes
(tests/engines/test_layouts.py checks them).
"""

import dataclasses
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DEISMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from benchmarks.common.checkpoint_sizes import SIDE, TINY, Size
from benchmarks.common.random_klein import write_klein
from pipelines.engine_spec import Component, EngineSpec, Source
from pipelines.engine_table import ENGINES

Shapes = dict[str, tuple[int, ...]]
Weights = dict[str, torch.Tensor]

EMBEDDING = 512
TOKENS = 4
QUERIES = 16
"""Tokens of InstantID."""


def attentions(unet: Any) -> Iterator[tuple[int, str, Any]]:
    """Iterate over number, name and module of the attentions, in the order of the keys of IP-Adapter's files."""
    for number, processor in enumerate(unet.attn_processors):
        name = processor.removesuffix(".processor")
        yield number, name, unet.get_submodule(name)


def _projections(attention: Any) -> dict[str, torch.nn.Linear]:
    return {"to_q": attention.to_q, "to_k": attention.to_k, "to_v": attention.to_v, "to_out": attention.to_out[0]}


def face_id_projection(width: int) -> Shapes:
    """Shapes of `image_proj` of plain FaceID: an embedding becomes 4 tokens of the cross-attention's width."""
    return {
        "proj.0.weight": (2 * EMBEDDING, EMBEDDING),
        "proj.0.bias": (2 * EMBEDDING,),
        "proj.2.weight": (TOKENS * width, 2 * EMBEDDING),
        "proj.2.bias": (TOKENS * width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }


def plus_projection(width: int, clip_width: int) -> Shapes:
    """Shapes of `image_proj` of FaceID Plus and v2: the tokens then look at CLIP's view of the face, four times."""
    resampler: Shapes = {"proj_in.weight": (width, clip_width), "proj_in.bias": (width,)}
    resampler |= {"proj_out.weight": (width, width), "proj_out.bias": (width,)}
    resampler |= {"norm_out.weight": (width,), "norm_out.bias": (width,)}
    for k in range(4):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            resampler |= {f"layers.{k}.{norm}.weight": (width,), f"layers.{k}.{norm}.bias": (width,)}
        resampler |= {
            f"layers.{k}.0.to_q.weight": (width, width),
            f"layers.{k}.0.to_kv.weight": (2 * width, width),
            f"layers.{k}.0.to_out.weight": (width, width),
            f"layers.{k}.1.1.weight": (4 * width, width),
            f"layers.{k}.1.3.weight": (width, 4 * width),
        }
    return face_id_projection(width) | {f"perceiver_resampler.{key}": shape for key, shape in resampler.items()}


def instantid_projection(width: int, hidden: int) -> Shapes:
    """Shapes of `image_proj` of InstantID: 16 queries look at the embedding, four times, and become tokens."""
    projection: Shapes = {"latents": (1, QUERIES, hidden)}
    projection |= {"proj_in.weight": (hidden, EMBEDDING), "proj_in.bias": (hidden,)}
    projection |= {"proj_out.weight": (width, hidden), "proj_out.bias": (width,)}
    projection |= {"norm_out.weight": (width,), "norm_out.bias": (width,)}
    for k in range(4):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            projection |= {f"layers.{k}.{norm}.weight": (hidden,), f"layers.{k}.{norm}.bias": (hidden,)}
        projection |= {
            f"layers.{k}.0.to_q.weight": (hidden, hidden),
            f"layers.{k}.0.to_kv.weight": (2 * hidden, hidden),
            f"layers.{k}.0.to_out.weight": (hidden, hidden),
            f"layers.{k}.1.1.weight": (4 * hidden, hidden),
            f"layers.{k}.1.3.weight": (hidden, 4 * hidden),
        }
    return projection


def control_net(unet: Any, seed: int) -> Any:
    """Make a ControlNet of a UNet's shape with random weights.

    Its zero convolutions are filled, or they would hide it, and the layers that read the picture are enlarged, each of
    which would halve it otherwise.
    """
    model: Any = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
    weights = random_weights({key: tuple(weight.shape) for key, weight in model.state_dict().items()}, seed)
    enlarged = {key: 1.5 * w for key, w in weights.items() if key.startswith("controlnet_cond_") and w.dim() > 1}
    model.load_state_dict(weights | enlarged)
    return model


def faceid_shapes(unet: Any, rank: int) -> Shapes:
    """Shapes of FaceID's `ip_adapter`: a LoRA (rank 0: none) on all attentions, keys and values on crossed ones."""
    shapes: Shapes = {}
    for number, name, attention in attentions(unet):
        for projection, linear in _projections(attention).items() if rank else ():
            shapes[f"{number}.{projection}_lora.down.weight"] = (rank, linear.in_features)
            shapes[f"{number}.{projection}_lora.up.weight"] = (linear.out_features, rank)
        if name.endswith("attn2"):
            width = unet.config.cross_attention_dim
            shapes[f"{number}.to_k_ip.weight"] = (attention.to_k.out_features, width)
            shapes[f"{number}.to_v_ip.weight"] = (attention.to_v.out_features, width)
    return shapes


def random_weights(shapes: Mapping[str, tuple[int, ...]], seed: int, dtype: torch.dtype = torch.float32) -> Weights:
    """Draw every tensor: matrices scaled to keep the size of what goes through, norms near 1."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for key, shape in shapes.items():
        drawn = torch.randn(shape, generator=generator)
        if len(shape) > 1:
            weights[key] = (drawn / math.prod(shape[1:]) ** 0.5).to(dtype)
        else:
            weights[key] = (drawn * 0.1 + (1 if key.endswith("weight") else 0)).to(dtype)
    return weights


def lora_file(unet: Any, adapter: Weights, alpha: bool) -> Weights:
    """Rename the adapter's LoRA to keys of h94's `*_lora.safetensors`; SDXL's file has alphas (int64, the rank) too."""
    lora: Weights = {}
    for number, name, attention in attentions(unet):
        for projection in _projections(attention):
            key = f"lora_unet_{name}.{projection}".replace(".", "_") + ("_0" if projection == "to_out" else "")
            down = adapter[f"{number}.{projection}_lora.down.weight"]
            lora[f"{key}.lora_down.weight"] = down
            lora[f"{key}.lora_up.weight"] = adapter[f"{number}.{projection}_lora.up.weight"]
            if alpha:
                lora[f"{key}.alpha"] = torch.tensor(down.shape[0])
    return lora


DISTILLED = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "time_emb_proj"),
    *("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv"),
)
"""Layers that LCM's LoRA changes, by the ends of their names."""


def distillation_shapes(unet: Any, rank: int) -> Shapes:
    """Shapes of LCM's LoRA in the keys of its file: on attentions, feed-forwards, convolutions, time embeddings."""
    shapes: Shapes = {}
    for name, module in unet.named_modules():
        if f".{name}".endswith(tuple(f".{end}" for end in DISTILLED)):
            key = f"lora_unet_{name}".replace(".", "_")
            width, inputs, *kernel = module.weight.shape
            shapes[f"{key}.lora_down.weight"] = (rank, inputs, *kernel)
            shapes[f"{key}.lora_up.weight"] = (width, rank, *(1 for _ in kernel))
            shapes[f"{key}.alpha"] = ()
    return shapes


def distillation_file(unet: Any, rank: int, seed: int, dtype: torch.dtype) -> Weights:
    """Draw weights for these shapes; the alphas are the rank, so that the whole LoRA counts."""
    shapes = distillation_shapes(unet, rank)
    alphas = {key: torch.tensor(float(rank)) for key, shape in shapes.items() if not shape}
    return random_weights({key: shape for key, shape in shapes.items() if shape}, seed, dtype) | alphas


def save_adapter(path: Path, image_proj: Weights, ip_adapter: Weights) -> None:
    """Write an adapter's file: nested in a `.bin`, flat in a `.safetensors`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".bin":
        torch.save({"image_proj": image_proj, "ip_adapter": ip_adapter}, path)
        return
    parts = {"image_proj": image_proj, "ip_adapter": ip_adapter}
    save_file({f"{part}.{key}": value for part, weights in parts.items() for key, value in weights.items()}, path)


def tiny_row(engine_id: str, root: Path, size: Size | None = None) -> EngineSpec:
    """Write everything that this row of the table names under `root`, and return the row looking there."""
    row = ENGINES[engine_id]
    if row.adapter is None:
        write_klein(_place(root, row.base))
        _write_own_checker(row, root, _safety_checker(TINY["sdxl"].safety))
        return relocated(row, root)
    size = size or TINY[engine_id.partition("-")[0]]
    unet = _write_base(row, root, size)
    width = unet.config.cross_attention_dim
    shapes = plus_projection(width, size.vision["hidden_size"])
    if "controlnet" in row.components:
        shapes = instantid_projection(width, size.queries_width)
    projection = random_weights(shapes, seed=1, dtype=size.dtype)
    rank = 0 if row.adapter_lora is None else size.rank
    adapter = random_weights(faceid_shapes(unet, rank), seed=2, dtype=size.dtype)
    save_adapter(_place(root, row.adapter_source) / str(row.adapter_source.weight_name), projection, adapter)
    if row.adapter_lora is not None:
        lora = lora_file(unet, adapter, alpha=engine_id.startswith("sdxl"))
        save_file(lora, _place(root, row.adapter_lora) / str(row.adapter_lora.weight_name))
    if row.few_step_lora is not None:
        distilled = distillation_file(unet, size.few_step_rank, seed=5, dtype=size.dtype)
        save_file(distilled, _place(root, row.few_step_lora) / str(row.few_step_lora.weight_name))
    return relocated(row, root, size.side)


def relocated(row: EngineSpec, root: Path, side: int | None = SIDE) -> EngineSpec:
    """Return the row with every hub id turned into a folder below `root`, and small pictures, drawn in one pass."""

    def local(source: Source) -> Source:
        return dataclasses.replace(source, repo=str(root / source.repo), revision=None)

    components = {
        name: Component(class_path=component.class_path, source=local(component.source))
        for name, component in row.components.items()
    }
    return dataclasses.replace(
        row,
        base=local(row.base),
        components=components,
        adapter=local(row.adapter) if row.adapter else None,
        adapter_lora=local(row.adapter_lora) if row.adapter_lora else None,
        few_step_lora=local(row.few_step_lora) if row.few_step_lora else None,
        safety_checker=local(row.safety_checker) if row.safety_checker else None,
        sizes=row.sizes if side is None else dict.fromkeys(row.sizes, (side, side)),
        second_pass=None,
    )


def sources(row: EngineSpec) -> list[Source]:
    """List what a row loads from."""
    files = [row.base, row.adapter, row.adapter_lora, row.few_step_lora, row.safety_checker]
    parts = [*files, *(component.source for component in row.components.values())]
    return [source for source in parts if source is not None]


def fill_hub_cache(published: EngineSpec, tiny: EngineSpec, cache: Path) -> None:
    """Lay a tiny row's folders out as the hub's client caches the repos and revisions of the published one."""
    for source, local in zip(sources(published), sources(tiny), strict=True):
        snapshots = cache / f"models--{source.repo.replace('/', '--')}" / "snapshots"
        if not (snapshots / str(source.revision)).exists():
            shutil.copytree(local.repo, snapshots / str(source.revision))


def _place(root: Path, source: Source) -> Path:
    folder = root / source.repo / (source.subfolder or "")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def parts(size: Size, vocabulary: int) -> dict[str, Any]:
    """Make the models of a base and of a row, by their names in the pipeline; the VAE is the base's."""
    models = {
        "unet": UNet2DConditionModel(**size.unet).to(size.dtype),
        "vae": _vae(size, scaling_factor=0.13025 if size.text_2 else 0.18215),
        "text_encoder": CLIPTextModel(_text_config(size.text, vocabulary)),
        "image_encoder": CLIPVisionModelWithProjection(CLIPVisionConfig(**size.vision)),
    }
    if size.text_2 is not None:
        models["text_encoder_2"] = CLIPTextModelWithProjection(_text_config(size.text_2, vocabulary))
    if size.safety is not None:
        models["safety_checker"] = _safety_checker(size.safety)
    return {name: model.to(size.dtype) for name, model in models.items()}


def _write_base(row: EngineSpec, root: Path, size: Size) -> Any:
    """Write the base model's folder; its VAE differs from the row's, so that a test can tell which was loaded."""
    torch.manual_seed(0)
    folder = _place(root, row.base)
    tokenizer = _tokenizer(root / "tokenizer")
    models = parts(size, size.vocabulary or len(tokenizer))
    own = {name: models[name] for name in ("unet", "vae", "text_encoder")}
    pipeline: Any
    if row.id.startswith("sd15"):
        pipeline = StableDiffusionPipeline(
            **own,
            tokenizer=tokenizer,
            scheduler=DEISMultistepScheduler(**_BETAS, steps_offset=1),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    else:
        pipeline = StableDiffusionXLPipeline(
            **own,
            tokenizer=tokenizer,
            tokenizer_2=tokenizer,
            text_encoder_2=models["text_encoder_2"],
            scheduler=EulerDiscreteScheduler(**_BETAS, steps_offset=1, timestep_spacing="leading"),
            add_watermarker=False,
        )
    pipeline.save_pretrained(folder, variant=row.base.variant)
    _rename(next((folder / "text_encoder").glob("*.safetensors")), _as_in_2022)
    _write_components(row, root, models, _vae(size, scaling_factor=0.18215).to(size.dtype))
    return models["unet"]


_BETAS: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def _write_components(row: EngineSpec, root: Path, models: Mapping[str, Any], vae: Any) -> None:
    for name, component in row.components.items():
        folder = _place(root, component.source)
        if name == "vae":
            vae.save_pretrained(folder)
            _rename(folder / "diffusion_pytorch_model.safetensors", _as_in_2022)
        elif name == "controlnet":
            control_net(models["unet"], seed=6).to(models["unet"].dtype).save_pretrained(folder)
        elif name == "image_encoder":
            models[name].save_pretrained(folder)
        elif name == "safety_checker":
            _write_safety_checker(models[name], folder)
        elif name == "feature_extractor":
            CLIPImageProcessorPil(size=224, crop_size=224).save_pretrained(folder)
        else:
            raise AssertionError(f"{row.id} has a component {name!r} that nobody writes here")
    if row.safety_checker is not None:
        _write_own_checker(row, root, models["safety_checker"])


def _safety_checker(vision: Mapping[str, Any] | None) -> Any:
    """Make a checker with this vision tower."""
    assert vision is not None
    config = CLIPConfig(text_config={}, vision_config=dict(vision), projection_dim=vision["projection_dim"])
    return StableDiffusionSafetyChecker(config)


def _write_own_checker(row: EngineSpec, root: Path, checker: Any) -> None:
    """Write the checker of a row whose pipeline has none."""
    assert row.safety_checker is not None
    folder = _place(root, row.safety_checker)
    _write_safety_checker(checker, folder)
    CLIPImageProcessorPil(size=224, crop_size=224).save_pretrained(folder)


def _write_safety_checker(checker: Any, folder: Path) -> None:
    """Write it as the hub has it: a pickle. Its thresholds are above any cosine, so nothing is withheld."""
    checker.concept_embeds_weights.data.fill_(10.0)
    checker.special_care_embeds_weights.data.fill_(10.0)
    checker.config.architectures = ["StableDiffusionSafetyChecker"]
    checker.config.save_pretrained(folder)
    weights = {key.replace("vision_model.", "vision_model.vision_model."): w for key, w in checker.state_dict().items()}
    weights["vision_model.vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    torch.save(weights, folder / "pytorch_model.bin")


def _as_in_2022(key: str) -> str:
    """Rename a tensor of CLIP's text tower or the VAE's attention as in the published files."""
    if key.startswith(("embeddings.", "encoder.layers.", "final_layer_norm.")):
        return f"text_model.{key}"
    for now, then in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        key = key.replace(f".attentions.0.{now}.", f".attentions.0.{then}.")
    return key


def _rename(path: Path, rename: Callable[[str], str]) -> None:
    save_file({rename(key): tensor for key, tensor in load_file(path).items()}, path, metadata={"format": "pt"})


def _vae(size: Size, scaling_factor: float) -> Any:
    return AutoencoderKL(
        block_out_channels=size.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=size.side,
        scaling_factor=scaling_factor,
    )


def _text_config(text: Mapping[str, Any], vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        **text,
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )


def _tokenizer(folder: Path) -> CLIPTokenizer:
    """Make CLIP's byte-level tokenizer without a single merge that matters: every letter is a token."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(k) for k in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "po", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\np o\n")
    return CLIPTokenizer.from_pretrained(str(folder), model_max_length=77)
