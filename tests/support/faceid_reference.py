"""IP-Adapter FaceID, Plus and Plus v2 once more, in plain torch, from the published files: what engines agree with.

Ye et al. 2023 (https://arxiv.org/abs/2308.06721), section 3.2, for the decoupled cross-attention; h94's model card for
the three kinds. Nothing here uses diffusers. Weights are looked up by the files' own keys.
"""

from collections.abc import Mapping

import torch

Weights = Mapping[str, torch.Tensor]


def linear(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    """Weights `name.weight` and, where there is one, `name.bias`."""
    y = x @ weights[f"{name}.weight"].T
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def layer_norm(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / (variance + 1e-5).sqrt() * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: torch.Tensor) -> torch.Tensor:
    return x * 0.5 * (1 + torch.erf(x / 2**0.5))


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, heads: int) -> torch.Tensor:
    """softmax(Q K^T / sqrt(d)) V for each head: (B, n, C), (B, m, C), (B, m, C) -> (B, n, C)."""

    def split(x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    q, k, v = split(query), split(key), split(value)
    weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def face_id_tokens(weights: Weights, embedding: torch.Tensor) -> torch.Tensor:
    """The identity's 4 tokens of `image_proj`: embedding (B, 512) -> (B, 4, width)."""
    x = linear(gelu(linear(embedding, weights, "proj.0")), weights, "proj.2")
    return layer_norm(x.unflatten(-1, (4, -1)), weights, "norm")


def plus_tokens(weights: Weights, embedding: torch.Tensor, clip: torch.Tensor) -> torch.Tensor:
    """R(x, clip): x are the tokens of the embedding alone; R lets them look at CLIP's view (B, patches, clip width)."""
    return _resampler(weights, face_id_tokens(weights, embedding), clip)


def plus_v2_tokens(weights: Weights, embedding: torch.Tensor, clip: torch.Tensor, structure: float) -> torch.Tensor:
    """x + s R(x, clip): the shortcut."""
    return face_id_tokens(weights, embedding) + structure * plus_tokens(weights, embedding, clip)


def _resampler(weights: Weights, tokens: torch.Tensor, clip: torch.Tensor) -> torch.Tensor:
    w = {key.removeprefix("perceiver_resampler."): value for key, value in weights.items()}
    seen = linear(clip, w, "proj_in")
    for k in range(4):
        a, b = layer_norm(seen, w, f"layers.{k}.0.norm1"), layer_norm(tokens, w, f"layers.{k}.0.norm2")
        query = linear(b, w, f"layers.{k}.0.to_q")
        key, value = linear(torch.cat([a, b], 1), w, f"layers.{k}.0.to_kv").chunk(2, dim=-1)
        looked = attend(query, key, value, heads=query.shape[-1] // 64)
        tokens = tokens + linear(looked, w, f"layers.{k}.0.to_out")
        inner = layer_norm(tokens, w, f"layers.{k}.1.0")
        tokens = tokens + linear(gelu(linear(inner, w, f"layers.{k}.1.1")), w, f"layers.{k}.1.3")
    return layer_norm(linear(tokens, w, "proj_out"), w, "norm_out")


def decoupled_attention(
    base: Weights,
    adapter: Weights,
    number: int,
    states: torch.Tensor,
    words: torch.Tensor,
    face: torch.Tensor,
    *,
    heads: int,
    strength: float,
    lora: float = 1.0,
) -> torch.Tensor:
    """Z = softmax(Q K^T / sqrt(d)) V + strength softmax(Q K'^T / sqrt(d)) V', then the output projection.

    `base` are the UNet's own projections of this attention (`to_q.weight` ...), `adapter` is `ip_adapter` of the file,
    where attention `number` has its K', V' and LoRA. `states` (B, n, C), `words` (B, 77, width), `face` (B, 4, width).
    """

    def project(x: torch.Tensor, name: str, own: str | None = None) -> torch.Tensor:
        down, up = adapter[f"{number}.{name}_lora.down.weight"], adapter[f"{number}.{name}_lora.up.weight"]
        return linear(x, base, own or name) + lora * (x @ down.T @ up.T)

    query = project(states, "to_q")
    z = attend(query, project(words, "to_k"), project(words, "to_v"), heads)
    face_key, face_value = (linear(face, adapter, f"{number}.{name}") for name in ("to_k_ip", "to_v_ip"))
    return project(z + strength * attend(query, face_key, face_value, heads), "to_out", "to_out.0")
