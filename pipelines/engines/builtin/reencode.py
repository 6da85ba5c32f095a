"""Re-encoding of a drawn picture: around the face, the encoder's latents of it replace the drawn ones.

Around a face the diffusion model leaves what no shot of anybody has: torn collars, specks below an ear, tufts in the
air. The autoencoder's encoder was also taught on strange pictures (`training/stages/autoencoder_finetune.py`) and has
no latents for such things. The face itself stays as it was drawn: the encoder would make it less like the person.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from pipelines.engines.builtin.arcface_maps import ArcFaceMaps, shared_mapper
from pipelines.engines.builtin.latent_grid import face_and_around
from pipelines.faces.detection import Detection
from pipelines.matting.pixels import ramp

ENCODER_SIDE = 256
"""Side of the picture that the encoder takes, pixels."""
SHARE = 0.6
"""Share of the encoder's latents around the face, 0 to 1. With 1, shoulders begin to dissolve in the backdrop; with 0,
torn collars and specks stay."""
CLOTHES_COLOUR = 0.15
"""Share of their colour that clothes keep before encoding, 0 to 1. The encoder makes colours stronger: with 1 a dull
red knit comes out as a red rag, with 0 all clothes are grey."""

Find = Callable[[np.ndarray], Detection | None]
"""The face in a uint8 RGB (H, W, 3) picture, if there is one."""


@torch.no_grad()
def reencode_around_face(pipeline: Any, latents: torch.Tensor, find: Find) -> torch.Tensor:
    """Finished latents (B, 64, 8, 8), in the UNet's scale -> the same with what is around each face seen again.

    One in which no face is found stays as it is.
    """
    vae = pipeline.vae
    drawn = vae.woven(latents / vae.config.scaling_factor).clamp(-1, 1)
    pictures = F.interpolate(drawn.float(), (ENCODER_SIDE, ENCODER_SIDE), mode="area").permute(0, 2, 3, 1)
    pixels = (pictures * 127.5 + 127.5).round().clamp(0, 255).byte().cpu().numpy()
    around = face_and_around(0.0, SHARE).to(latents)
    encoded = [_encoded(vae, picture, face.landmarks) if (face := find(picture)) else None for picture in pixels]
    return torch.cat(
        [
            before if seen is None else torch.lerp(before, seen.to(before) * vae.config.scaling_factor, around)
            for before, seen in zip(torch.split(latents, 1), encoded, strict=True)
        ]
    )


def _encoded(vae: Any, pixels: np.ndarray, landmarks: np.ndarray) -> torch.Tensor:
    """The encoder's latents (1, 64, 8, 8), not scaled, of a uint8 RGB (256, 256, 3) picture."""
    picture = torch.from_numpy(with_dull_clothes(pixels)).permute(2, 0, 1)[None].float() / 127.5 - 1
    maps, embedding = shared_mapper()(picture, landmarks)
    arcface = ArcFaceMaps(tuple(m.to(vae.device) for m in maps), embedding.to(vae.device))
    result: torch.Tensor = vae.encode(picture.to(vae.device), arcface)
    return result


def with_dull_clothes(pixels: np.ndarray) -> np.ndarray:
    """A picture in FFHQ's frame, uint8 RGB (S, S, 3), with little colour in its lower corners.

    Hair that hangs down there keeps its own in the picture: the encoder goes by the rest of it.
    """
    place = (np.arange(len(pixels), dtype=np.float32) + 0.5) / len(pixels)
    corners = ramp(place, 0.7, 0.8)[:, None] * ramp(np.abs(place - 0.5), 0.18, 0.26)[None]
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    kept = 1 - (1 - CLOTHES_COLOUR) * corners[..., None]
    result: np.ndarray = (grey + (pixels - grey) * kept).round().clip(0, 255).astype(np.uint8)
    return result
