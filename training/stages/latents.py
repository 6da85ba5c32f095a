"""Encoding of all shots of each person, as drawn and augmented, for training.stages.diffusion.

    python -m training.stages.latents --vae models/builtin/vae --faces DIR --pairs run/pairs.pt --out run/latents.pt

Each shot is encoded twice: as drawn, the target, and as the app frames a photo, the person on a plain backdrop, the
reference; so a model learns that a photo's backdrop says nothing of the one asked for. Then all shots of a person are
mirrored, warped and relit alike (`training.stages.autoencoder_finetune` does so to single pictures) and encoded again,
as one more person. `--people` selects a range, so that several processes can share the work.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.reference import PLAIN, cut_out_face
from pipelines.faces.models import FACE_MODELS, locate
from pipelines.matting.person_mask import PersonMask
from training import devices
from training.data.attributes import measure
from training.data.face_shards import HELD_OUT, Faces, decode_pictures, load_faces
from training.losses.arcface import ArcFace
from training.losses.person_mask import PersonSegmentation, unsure_share
from training.stages.autoencoder_finetune import FacePictures, mirror, relight, warp

PEOPLE = 8
"""Number of people whose shots are encoded in one batch."""


class PersonShots(NamedTuple):
    """Shots of some people, grouped by person."""

    picture: torch.Tensor
    """(n, 3, 256, 256) float32 RGB in [-1, 1]."""
    landmarks: torch.Tensor
    """(n, 5, 2) float32 pixels."""
    person: torch.Tensor
    """(n,) int64."""


def shots_of(people: list[int], faces: Faces, pairs: dict[str, torch.Tensor]) -> PersonShots:
    """Collect the stored face and all second shots of these people."""
    picture, landmarks, person = (
        [decode_pictures(faces.webp, people)],
        [faces.landmarks[people]],
        [torch.tensor(people)],
    )
    again = torch.nonzero(torch.isin(pairs["index"], torch.tensor(people)))[:, 0]
    if len(again):
        picture.append(pairs["picture"][again].permute(0, 3, 1, 2).float() / 127.5 - 1)
        landmarks.append(pairs["landmarks"][again])
        person.append(pairs["index"][again])
    who = torch.cat(person)
    order = torch.argsort(who, stable=True)
    return PersonShots(torch.cat(picture)[order], torch.cat(landmarks)[order], who[order])


def cut_out(shots: PersonShots, mask: PersonMask) -> tuple[FacePictures, torch.Tensor]:
    """Frame and cut out people as the app does with photos: pictures, and alpha (n, 1, 256, 256) 0..1."""
    pixels = (shots.picture.permute(0, 2, 3, 1).numpy() * 127.5 + 127.5).round().clip(0, 255).astype(np.uint8)
    framed = []
    for picture, points in zip(pixels, shots.landmarks.numpy(), strict=True):
        colour, alpha, moved = cut_out_face(picture, points, mask)
        framed.append(ffhq_align(cv2.convertScaleAbs(np.dstack([colour, alpha]), alpha=255), moved))
    layers = torch.from_numpy(np.stack([part for part, _ in framed])).permute(0, 3, 1, 2).float()
    landmarks = torch.from_numpy(np.stack([points for _, points in framed]))
    return FacePictures(layers[:, :3] / 127.5 - 1, landmarks), layers[:, 3:] / 255


def augment_people(shown: FacePictures, alpha: torch.Tensor, which: torch.Tensor) -> tuple[FacePictures, torch.Tensor]:
    """Mirror, warp and relight pictures with their alpha, those with the same number in `which` (B,) alike."""
    layers = FacePictures(torch.cat([shown.picture, alpha], 1), shown.landmarks)
    flip = torch.rand(len(which), device=which.device) < 0.5
    changed = warp(mirror(layers, flip[which]), which=which)
    return FacePictures(relight(changed.picture[:, :3], which=which), changed.landmarks), changed.picture[:, 3:]


def composite_on_plain(picture: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Put people (B, 3, 256, 256) in [-1, 1] on the plain backdrop that the app uses for references."""
    plain = torch.from_numpy(PLAIN).to(picture)[None, :, None, None] * 2 - 1
    return plain + (picture - plain) * alpha


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vae", "faces", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--people",
        type=int,
        nargs=2,
        help="first person, and the one after the last; default: all that are not held out",
    )
    return parser


@torch.no_grad()
def main() -> None:
    """Write latents, references, embeddings, measures, landmarks, unsure share and person of all shots."""
    a = argument_parser().parse_args()
    cv2.setNumThreads(1)
    device, mask, segmentation = devices.default_device(), PersonMask(), PersonSegmentation()
    vae = devices.to_device(FaceAutoencoder.from_pretrained(a.vae).float(), device).eval()
    arcface = devices.to_device(ArcFace(locate(FACE_MODELS["w600k_mbf"])), device)
    faces = load_faces(a.faces)
    files = [torch.load(path, weights_only=True, mmap=True) for path in a.pairs]
    pairs = {name: torch.cat([file[name] for file in files]) for name in files[0]}

    def encode(view: FacePictures) -> tuple[torch.Tensor, torch.Tensor]:
        images, landmarks = (x.to(device) for x in view)
        images = images.contiguous(memory_format=torch.channels_last)
        with devices.half_precision(device):
            seen = arcface.maps(images, landmarks)
            seen = seen._replace(maps=tuple(m.contiguous(memory_format=torch.channels_last) for m in seen.maps))
            latents = vae.encode(images, seen)
        return latents.half().cpu(), seen.embedding.half().cpu()

    first, last = a.people or (HELD_OUT, len(faces.webp))
    last = min(last, len(faces.webp))
    made: dict[str, list[torch.Tensor]] = {}
    for j in range(first, last, PEOPLE):
        shots = shots_of(list(range(j, min(j + PEOPLE, last))), faces, pairs)
        person, alpha = cut_out(shots, mask)
        unsure = unsure_share(segmentation(shots.picture), shots.landmarks)
        _, which = torch.unique(shots.person, return_inverse=True)
        drawn = FacePictures(shots.picture, shots.landmarks)
        for kind in range(2):
            if kind == 1:
                torch.manual_seed(j)
                drawn, _ = augment_people(drawn, alpha, which)
                torch.manual_seed(j)  # what is drawn and what is seen of a person are changed alike
                person, alpha = augment_people(person, alpha, which)
            latents, embedding = encode(drawn)
            seen = FacePictures(composite_on_plain(person.picture, alpha), person.landmarks)
            columns = {
                "latents": latents,
                "reference": encode(seen)[0],
                "embedding": embedding,
                "measures": measure(drawn.picture * 0.5 + 0.5, drawn.landmarks),
                "landmarks": drawn.landmarks,
                "unsure_share": unsure,
                "person": shots.person + kind * len(faces.webp),
            }
            for name, column in columns.items():
                made.setdefault(name, []).append(column)
        if (j - first) // PEOPLE % 25 == 24:
            print(f"{j + PEOPLE - first} of {last - first} people", flush=True)
    torch.save({name: torch.cat(columns) for name, columns in made.items()}, a.out)


if __name__ == "__main__":
    main()
