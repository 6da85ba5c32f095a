"""InstantID once more, as it is published: tokens and attention in plain torch, sampling by diffusers' bare models.

Wang et al. 2024 (https://arxiv.org/abs/2401.07519), section 3: the image adapter and IdentityNet. No class of ours is
used here. Weights are looked up by the published file's own keys.
"""

from typing import Any

import torch

from tests.support.faceid_reference import Weights, attend, gelu, layer_norm, linear


def instantid_tokens(w: Weights, embedding: torch.Tensor) -> torch.Tensor:
    """Tokens of `image_proj`: learned queries look at the raw embedding (B, 512) four times -> (B, 16, width)."""
    seen = linear(embedding[:, None], w, "proj_in")
    tokens = w["latents"].expand(len(embedding), -1, -1)
    for k in range(4):
        a, b = layer_norm(seen, w, f"layers.{k}.0.norm1"), layer_norm(tokens, w, f"layers.{k}.0.norm2")
        query = linear(b, w, f"layers.{k}.0.to_q")
        key, value = linear(torch.cat([a, b], 1), w, f"layers.{k}.0.to_kv").chunk(2, dim=-1)
        tokens = tokens + linear(attend(query, key, value, query.shape[-1] // 64), w, f"layers.{k}.0.to_out")
        inner = layer_norm(tokens, w, f"layers.{k}.1.0")
        tokens = tokens + linear(gelu(linear(inner, w, f"layers.{k}.1.1")), w, f"layers.{k}.1.3")
    return layer_norm(linear(tokens, w, "proj_out"), w, "norm_out")


class DecoupledAttention:
    """Processor of a cross-attention: the words' attention plus `strength` times the face's, then the projection."""

    def __init__(self, key: torch.Tensor, value: torch.Tensor, face: torch.Tensor, strength: float) -> None:
        self.key, self.value, self.face, self.strength = key, value, face, strength

    def __call__(
        self, attention: Any, hidden_states: torch.Tensor, encoder_hidden_states: torch.Tensor, **_: Any
    ) -> torch.Tensor:
        query = attention.to_q(hidden_states)
        words = attend(
            query, attention.to_k(encoder_hidden_states), attention.to_v(encoder_hidden_states), attention.heads
        )
        face = attend(query, self.face @ self.key.T, self.face @ self.value.T, attention.heads)
        result: torch.Tensor = attention.to_out[0](words + self.strength * face)
        return result


@torch.no_grad()
def sample(
    unet: Any,
    controlnet: Any,
    scheduler: Any,
    adapter: dict[str, Weights],
    words: dict[str, torch.Tensor],
    embeddings: torch.Tensor,
    key_points: torch.Tensor,
    latents: torch.Tensor,
    *,
    strength: float,
    control: float,
    guidance: float,
    steps: int,
    noise: list[torch.Generator],
) -> torch.Tensor:
    """Sample latents with a bare UNet and a bare ControlNet, both untouched by any adapter.

    Args:
        unet: changed for it, and good for nothing else afterwards.
        controlnet: diffusers' own class.
        scheduler: as the row has it.
        adapter: the published file's two sections.
        words: prompts, pooled and time ids, as SDXL's pipeline makes them, unconditional half first.
        embeddings: (B, 512), raw.
        key_points: (B, 3, H, W) in [0, 1].
        latents: noise (B, 4, h, w) of variance 1.
        strength: of the face in cross-attention.
        control: scale of the ControlNet's residuals.
        guidance: of classifier-free guidance.
        steps: how many.
        noise: of the scheduler, one for each picture.
    """
    tokens = instantid_tokens(adapter["image_proj"], torch.cat([torch.zeros_like(embeddings), embeddings]))
    w = adapter["ip_adapter"]
    unet.set_attn_processor(
        {
            name: DecoupledAttention(w[f"{k}.to_k_ip.weight"], w[f"{k}.to_v_ip.weight"], tokens, strength)
            if "attn2" in name
            else processor
            for k, (name, processor) in enumerate(unet.attn_processors.items())
        }
    )
    scheduler.set_timesteps(steps)
    latents = latents * scheduler.init_noise_sigma
    added = {"text_embeds": words["pooled"], "time_ids": words["time_ids"]}
    for t in scheduler.timesteps:
        given = scheduler.scale_model_input(torch.cat([latents] * 2), t)
        down, mid = controlnet(
            given,
            t,
            encoder_hidden_states=tokens,
            controlnet_cond=torch.cat([key_points] * 2),
            added_cond_kwargs=added,
            return_dict=False,
        )
        said = unet(
            given,
            t,
            encoder_hidden_states=words["prompt"],
            added_cond_kwargs=added,
            down_block_additional_residuals=[residual * control for residual in down],
            mid_block_additional_residual=mid * control,
            return_dict=False,
        )[0]
        nobody, person = said.chunk(2)
        latents = scheduler.step(nobody + guidance * (person - nobody), t, latents, generator=noise)[0]
    return latents
