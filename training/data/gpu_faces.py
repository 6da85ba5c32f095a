"""Shots of people drawn, detected and cut out on a GPU and kept in its memory; 45,000 take 12 GB.

Replaces the files of `training.stages.make_faces` and `training.stages.pairs`.
"""

import time
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.engines.builtin.mobilestylegan import RGBHead
from pipelines.engines.builtin.reference import FACE_SHOWN
from training import devices
from training.data.attributes import measure
from training.data.one_face_detector import BatchFaceDetector
from training.losses.person_mask import PersonSegmentation, alpha, unsure_share
from training.stages.autoencoder_finetune import FacePictures, StyledPictures, augment
from training.stages.make_faces import draw_styles
from training.stages.mobilestylegan import Mapping, Synthesis
from training.stages.pairs import DETECTION_BORDER, SecondShots
from training.stages.rgb_head import render

RENDER_BATCH = 64
"""Pictures rendered in one batch."""


PEOPLE_PER_CHUNK = 1024
"""Number of people rendered between two checks of the time limit."""


class GpuShots(NamedTuple):
    """Columns of n shots on one device, in any order."""

    picture: torch.Tensor
    """(n, 3, 256, 256) uint8 RGB."""
    landmarks: torch.Tensor
    """(n, 5, 2) float32 pixels."""
    measures: torch.Tensor
    """(n, 12) float32, training.data.attributes."""
    style: torch.Tensor
    """(n, 2, 512) float32: styles of the lower and of the upper layers."""
    probability: torch.Tensor
    """(n, 1, 256, 256) uint8, probability of the person, 255 = certain; training.losses.person_mask."""
    unsure_share: torch.Tensor
    """(n,) float32, training.losses.person_mask."""
    person: torch.Tensor
    """(n,) int64."""

    def pictures(self, rows: torch.Tensor) -> FacePictures:
        """Return the pictures and landmarks of these rows (B,) int64."""
        return FacePictures(self.picture[rows].float() / 127.5 - 1, self.landmarks[rows])

    def take(self, rows: torch.Tensor) -> "GpuShots":
        """Select rows by index (m,) int64 or by mask (n,) bool."""
        return GpuShots(*(column[rows] for column in self))


class GpuShotSource:
    """`training.stages.autoencoder_finetune.Source` that samples shots on a GPU."""

    def __init__(self, shots: GpuShots, synthesis: Synthesis):
        self.shots, self.layers = shots, (synthesis.lower.styles, synthesis.upper.styles)

    def with_style(self, n: int) -> StyledPictures:
        """Sample n shots with their styles."""
        rows = self._rows(n)
        return StyledPictures(self.shots.pictures(rows), layer_styles(self.shots.style[rows], self.layers))

    def plain(self, n: int) -> FacePictures:
        """Sample n shots."""
        return self.shots.pictures(self._rows(n))

    def augmented(self, n: int) -> FacePictures:
        """Sample n augmented shots."""
        return augment(self.plain(n))

    def _rows(self, n: int) -> torch.Tensor:
        return torch.randint(len(self.shots.person), (n,), device=self.shots.person.device)


def layer_styles(style: torch.Tensor, layers: tuple[int, int]) -> torch.Tensor:
    """Repeat styles (B, 2, 512) of the lower and upper layers for each modulation: (B, 23, 512)."""
    return style.repeat_interleave(torch.tensor(layers, device=style.device), 1)


class ShotRenderer:
    """Renderer of shots that also detects, measures and segments them."""

    def __init__(self, synthesis: Synthesis, head: RGBHead, device: torch.device):
        self.synthesis, self.head, self.device = synthesis, head, device
        self.layers = synthesis.lower.styles, synthesis.upper.styles
        self.find, self.segmentation = (
            devices.to_device(net, device) for net in (BatchFaceDetector(), PersonSegmentation())
        )

    @torch.no_grad()
    def render(self, style: torch.Tensor, person: torch.Tensor, *, full_network: bool) -> GpuShots:
        """Render styles (n, 2, 512) of people with numbers (n,); shots without a face are left out.

        `full_network` uses all layers; else the head of `training.stages.rgb_head`, at a quarter of the cost.
        """
        parts = [
            self._draw(*part, full_network)
            for part in zip(style.split(RENDER_BATCH), person.split(RENDER_BATCH), strict=True)
        ]
        return concatenate(parts)

    def _draw(self, style: torch.Tensor, person: torch.Tensor, full_network: bool) -> GpuShots:
        each = layer_styles(style.to(self.device), self.layers)
        if full_network:
            with devices.half_precision(self.device):
                large = self.synthesis(each)
            picture = F.avg_pool2d(large.float().clamp(-1, 1), 4)
        else:
            picture = render(self.head, self.synthesis, each, 128).clamp(-1, 1)
        pixels = (picture * 127.5 + 127.5).round()
        picture = pixels / 127.5 - 1
        landmarks, found = self.find(picture, DETECTION_BORDER)
        probability = (self.segmentation(picture) + self.segmentation(picture.flip(3)).flip(3)) / 2
        return GpuShots(
            pixels.to(torch.uint8), landmarks, measure(picture * 0.5 + 0.5, landmarks), style.to(self.device),
            (probability * 255).round().to(torch.uint8), unsure_share(probability, landmarks), person.to(self.device),
        ).take(found)  # fmt: skip


def concatenate(parts: list[GpuShots]) -> GpuShots:
    """Join the columns of several sets of shots."""
    return GpuShots(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def render_people(
    mapping: Mapping,
    renderer: ShotRenderer,
    people: int,
    second_shots: int,
    truncation: tuple[float, float],
    rng: np.random.Generator,
    *,
    seconds: float = float("inf"),
) -> GpuShots:
    """Render `people` people and `second_shots` more shots of each; fewer if it takes longer than `seconds`."""
    start = time.monotonic()

    def late(share: float) -> bool:
        return time.monotonic() - start > share * seconds

    parts: list[GpuShots] = []
    for style, who in zip(
        draw_styles(mapping, rng, people, truncation).split(PEOPLE_PER_CHUNK),
        torch.arange(people).split(PEOPLE_PER_CHUNK),
        strict=True,
    ):
        if parts and late(0.5):
            break
        parts.append(renderer.render(style[:, None].expand(-1, 2, -1), who, full_network=True))
    first = concatenate(parts)
    style, measures = first.style[:, 0].cpu(), first.measures.cpu().numpy()
    shots = SecondShots(style, measures, renderer.synthesis)
    for _ in range(second_shots):
        for rows in np.array_split(np.arange(len(style)), -(-len(style) // PEOPLE_PER_CHUNK)):
            if not late(1):
                each = shots.styles(rows, rng)[:, [0, -1]]
                parts.append(renderer.render(each, first.person[rows], full_network=False))
    return concatenate(parts)


def cut_out(shown: FacePictures, probability: torch.Tensor) -> tuple[FacePictures, torch.Tensor]:
    """Frame people as the app frames photos: pictures, and alpha (n, 1, 256, 256) 0..1.

    `training.stages.latents.cut_out` for a GPU: no guided filter, and edges keep the colours behind them.
    """
    cut = alpha(probability)
    places = shown.landmarks * 2 / cut.shape[-1] - 1
    face = F.grid_sample(cut, places[:, None], align_corners=False).mean((1, 2, 3))
    cut = torch.where((face > FACE_SHOWN)[:, None, None, None], cut, 1.0)
    layers, landmarks = ffhq_warp(torch.cat([shown.picture, cut], 1), shown.landmarks)
    return FacePictures(layers[:, :3], landmarks), layers[:, 3:]


def ffhq_warp(images: torch.Tensor, landmarks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Align pictures (B, C, S, S) of about the result's scale as `ffhq_align` does, on their device."""
    side = images.shape[-1]
    eyes, mouth = landmarks[:, :2].mean(1), landmarks[:, 3:].mean(1)
    across, down = landmarks[:, 1] - landmarks[:, 0], mouth - eyes
    x = across - torch.stack([-down[:, 1], down[:, 0]], 1)
    length = torch.maximum(across.norm(dim=1) * 2, down.norm(dim=1) * 1.8)[:, None]
    x = x / x.norm(dim=1, keepdim=True) * length
    axes = torch.stack([x, torch.stack([-x[:, 1], x[:, 0]], 1)], 1)  # (B, 2, 2): right and down, half a side long
    centre = eyes + down * 0.1
    place = (torch.arange(side, device=images.device) + 0.375) * 2 / side - 1
    v, u = torch.meshgrid(place, place, indexing="ij")
    right, lower = axes[:, None, None, 0], axes[:, None, None, 1]
    at = centre[:, None, None] + u[None, :, :, None] * right + v[None, :, :, None] * lower
    grid = (at + 0.5) * 2 / side - 1
    warped = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    inside = ((landmarks - centre[:, None])[:, :, None] * axes[:, None]).sum(3) / length[:, None] ** 2
    return warped, (inside + 1) * side / 2
