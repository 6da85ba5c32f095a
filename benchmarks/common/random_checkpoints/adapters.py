"""Layouts of the identity adapters' files: FaceID, FaceID Plus v2 and InstantID, by the keys that they have there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from benchmarks.common.random_checkpoints.tensors import Shapes, Weights

EMBEDDING = 512
TOKENS = 4
QUERIES = 16
"""Tokens of InstantID."""


def attentions(unet: Any) -> Iterator[tuple[int, str, Any]]:
    """Iterate over number, name and module of the attentions, in the order of the keys of IP-Adapter's files."""
    for number, processor in enumerate(unet.attn_processors):
        name = processor.removesuffix(".processor")
        yield number, name, unet.get_submodule(name)


def projections(attention: Any) -> dict[str, torch.nn.Linear]:
    """Layers of an attention that a LoRA changes, by their names."""
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


def faceid_shapes(unet: Any, rank: int) -> Shapes:
    """Shapes of FaceID's `ip_adapter`: a LoRA (rank 0: none) on all attentions, keys and values on crossed ones."""
    shapes: Shapes = {}
    for number, name, attention in attentions(unet):
        for projection, linear in projections(attention).items() if rank else ():
            shapes[f"{number}.{projection}_lora.down.weight"] = (rank, linear.in_features)
            shapes[f"{number}.{projection}_lora.up.weight"] = (linear.out_features, rank)
        if name.endswith("attn2"):
            width = unet.config.cross_attention_dim
            shapes[f"{number}.to_k_ip.weight"] = (attention.to_k.out_features, width)
            shapes[f"{number}.to_v_ip.weight"] = (attention.to_v.out_features, width)
    return shapes


def save_adapter(path: Path, image_proj: Weights, ip_adapter: Weights) -> None:
    """Write an adapter's file: nested in a `.bin`, flat in a `.safetensors`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".bin":
        torch.save({"image_proj": image_proj, "ip_adapter": ip_adapter}, path)
        return
    parts = {"image_proj": image_proj, "ip_adapter": ip_adapter}
    save_file({f"{part}.{key}": value for part, weights in parts.items() for key, value in weights.items()}, path)
