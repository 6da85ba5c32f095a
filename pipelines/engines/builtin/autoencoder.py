"""The built-in model's autoencoder: an aligned 256x256 picture -> latents (64, 8, 8) -> a 1024x1024 picture.

The encoder reads the picture together with ArcFace's inner maps and embedding: that is what makes it keep people it
never saw. The decoder makes the features and the style that MobileStyleGAN's upper layers turn into the picture.
"""

from itertools import pairwise
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.modeling_utils import ModelMixin

from pipelines.engines.builtin.arcface_maps import ArcFaceMaps
from pipelines.engines.builtin.mobilestylegan import STYLE_DIM, RGBHead, UpperLayers
from pipelines.engines.builtin.mobilestylegan_onnx import OnnxLayers
from pipelines.engines.builtin.weave import without_weave


class Block(nn.Module):
    """Depthwise 3x3, norm, two pointwise convolutions, residual: on a CPU far cheaper than two 3x3 convolutions."""

    def __init__(self, channels: int):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = nn.GroupNorm(1, channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)
        nn.init.normal_(self.project.weight, std=1e-3)
        nn.init.zeros_(self.project.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, channels, H, W) -> the same shape."""
        result: torch.Tensor = x + self.project(F.silu(self.expand(self.norm(self.depthwise(x)))))
        return result


def _blocks(channels: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*[Block(channels) for _ in range(depth)])


class Encoder(nn.Module):
    """256x256 RGB and ArcFace's maps -> latents (latent_channels, 8, 8), bounded to (-3, 3)."""

    def __init__(self, latent_channels: int, widths: tuple[int, ...], depths: tuple[int, ...]):
        super().__init__()
        self.stem = nn.Conv2d(48, widths[0], 3, padding=1)
        self.stages = nn.ModuleList(_blocks(w, d) for w, d in zip(widths, depths, strict=True))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in pairwise(widths))
        self.maps = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip((128, 256, 256), widths[1:], strict=True))
        self.embedding = nn.Linear(512, widths[-1])
        self.out = nn.Conv2d(widths[-1], latent_channels, 1)

    def forward(self, picture: torch.Tensor, arcface: ArcFaceMaps) -> torch.Tensor:
        """(B, 3, 256, 256) RGB in [-1, 1], FFHQ alignment -> (B, latent_channels, 8, 8)."""
        x = self.stages[0](self.stem(F.pixel_unshuffle(picture, 4)))
        last = len(self.downs) - 1
        for k, (down, adapt, stage) in enumerate(zip(self.downs, self.maps, self.stages[1:], strict=True)):
            x = down(x) + adapt(arcface.maps[k])
            if k == last:
                x = x + self.embedding(arcface.embedding * 10)[:, :, None, None]
            x = stage(x)
        return 3 * torch.tanh(self.out(x) / 3)


class Decoder(nn.Module):
    """Latents -> the synthesis network's 32x32 features and style, both in units of their deviation."""

    def __init__(self, latent_channels: int, widths: tuple[int, ...], depths: tuple[int, ...], features: int):
        super().__init__()
        wide, middle, narrow = widths
        self.stem, self.first = nn.Conv2d(latent_channels, wide, 3, padding=1), _blocks(wide, depths[0])
        self.up_1, self.second = nn.Conv2d(wide, middle * 4, 1), _blocks(middle, depths[1])
        self.up_2, self.third = nn.Conv2d(middle, narrow * 4, 1), _blocks(narrow, depths[2])
        self.out = nn.Conv2d(narrow, features, 1)
        self.style = nn.Sequential(
            nn.Conv2d(wide, 256, 2, 2), nn.SiLU(), nn.Flatten(), nn.Linear(256 * 4 * 4, STYLE_DIM)
        )

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, latent_channels, 8, 8) -> features (B, 512, 32, 32), style (B, 512)."""
        x = self.first(self.stem(latents))
        style = self.style(x)
        x = self.second(F.pixel_shuffle(self.up_1(x), 2))
        return self.out(self.third(F.pixel_shuffle(self.up_2(x), 2))), style


class FaceAutoencoder(ModelMixin, ConfigMixin):
    """Encoder, decoder and upper layers in one diffusers model: it stands where AutoencoderKL stands elsewhere.

    `block_out_channels` lists the encoder's and then the upper layers' widths: diffusers derives the factor between
    picture and latents from its length (eight levels, 1024 / 8 = 128).
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 64,
        block_out_channels: tuple[int, ...] = (64, 160, 320, 512, 512, 256, 128, 64),
        encoder_depths: tuple[int, ...] = (1, 3, 5, 4),
        decoder_widths: tuple[int, ...] = (512, 320, 192),
        decoder_depths: tuple[int, ...] = (4, 5, 4),
        features: int = 512,
        scaling_factor: float = 1.0,
    ):
        super().__init__()
        half = len(block_out_channels) // 2
        self.encoder = Encoder(latent_channels, tuple(block_out_channels[:half]), tuple(encoder_depths))
        self.decoder = Decoder(latent_channels, tuple(decoder_widths), tuple(decoder_depths), features)
        self.synthesis = UpperLayers((features, *block_out_channels[half:]))
        self.preview_head = RGBHead(block_out_channels[half], 96)
        for name, shape in (("feature", (1, features, 1, 1)), ("style", (1, STYLE_DIM))):
            self.register_parameter(f"{name}_mean", nn.Parameter(torch.zeros(shape), requires_grad=False))
            self.register_parameter(f"{name}_deviation", nn.Parameter(torch.ones(shape), requires_grad=False))
        self._onnx_layers: OnnxLayers | None = None

    def encode(self, picture: torch.Tensor, arcface: ArcFaceMaps) -> torch.Tensor:
        """(B, 3, 256, 256) RGB in [-1, 1], FFHQ alignment -> latents (B, 64, 8, 8), not yet times `scaling_factor`."""
        result: torch.Tensor = self.encoder(picture, arcface)
        return result

    def features(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (B, 64, 8, 8) -> the synthesis network's features (B, 512, 32, 32) and style (B, 512)."""
        features, style = self.decoder(latents)
        return (
            features * self.feature_deviation + self.feature_mean,
            style * self.style_deviation + self.style_mean,
        )

    def decode(self, latents: torch.Tensor, return_dict: bool = True, generator: torch.Generator | None = None) -> Any:
        """Latents (B, 64, 8, 8) -> RGB (B, 3, 1024, 1024) in [-1, 1]. Diffusers passes `generator`; it is unused."""
        picture = without_weave(self.woven(latents, last=True)).clamp(-1, 1)
        return DecoderOutput(sample=picture) if return_dict else (picture,)

    def woven(self, latents: torch.Tensor, *, last: bool = False) -> torch.Tensor:
        """Latents (B, 64, 8, 8) -> RGB (B, 3, 1024, 1024), about -1 to 1, with the weave: for what is made smaller.

        `last` says that the picture needs no further call.
        """
        features, style = self.features(latents)
        layers = self._upper_layers(features)
        result: torch.Tensor = (
            layers(features, style, last=last) if isinstance(layers, OnnxLayers) else layers(features, style)
        )
        return result

    def preview(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (B, 64, 8, 8) -> a quick RGB (B, 3, 128, 128) in [-1, 1], at a tenth of the cost of `decode`."""
        features, style = self.features(latents)
        result: torch.Tensor = self.preview_head(self.synthesis.features(features, style, blocks=1), style).clamp(-1, 1)
        return result

    def _upper_layers(self, features: torch.Tensor) -> UpperLayers | OnnxLayers:
        """Layers for these features: onnxruntime on a CPU; torch elsewhere, in other number formats, in training."""
        if features.device.type != "cpu" or features.dtype != torch.float32 or torch.is_grad_enabled():
            return self.synthesis
        if self._onnx_layers is None:
            self._onnx_layers = OnnxLayers(self.synthesis)
        return self._onnx_layers
