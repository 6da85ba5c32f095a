"""Encodes the stored faces and their second shots: what training.diffusion reads.

python -m training.latents --vae models/builtin/vae --arcface w600k_mbf.onnx --faces DIR --pairs run/pairs.pt \
    --out run/latents.pt
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from pipelines.autoencoder import FaceAutoencoder
from training.arcface import ArcFace
from training.attributes import measure
from training.faces import load_faces, pictures

BATCH = 32


def main() -> None:
    """Writes latents, measures, landmarks and embeddings of faces and shots in one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vae", "arcface", "faces", "pairs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    a = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # channels last throughout: on a CPU, bfloat16 convolutions are ten times slower in the other memory format
    vae = FaceAutoencoder.from_pretrained(a.vae).float().to(device, memory_format=torch.channels_last).eval()
    arcface = ArcFace(a.arcface).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    faces, pairs = load_faces(a.faces), torch.load(a.pairs, weights_only=True)

    @torch.no_grad()
    def encode(images: torch.Tensor, landmarks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        images, landmarks = images.to(device), landmarks.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            seen = arcface.maps(images.contiguous(), landmarks)
            seen = seen._replace(maps=tuple(m.contiguous(memory_format=torch.channels_last) for m in seen.maps))
            latents = vae.encode(images.contiguous(memory_format=torch.channels_last), seen)
        return latents.float().cpu(), seen.embedding.cpu()

    latents, measures, shot_latents, shot_embedding = [], [], [], []
    for j in range(0, len(faces.webp), BATCH):
        images, landmarks = (
            pictures(faces.webp, range(j, min(j + BATCH, len(faces.webp)))),
            faces.landmarks[j : j + BATCH],
        )
        latents.append(encode(images, landmarks)[0])
        measures.append(measure(images.permute(0, 2, 3, 1).numpy() * 0.5 + 0.5, landmarks.numpy()))
    for j in range(0, len(pairs["picture"]), BATCH):
        images = pairs["picture"][j : j + BATCH].permute(0, 3, 1, 2).float() / 127.5 - 1
        z, embedding = encode(images, pairs["landmarks"][j : j + BATCH])
        shot_latents.append(z)
        shot_embedding.append(embedding)
    torch.save(
        {
            "latents": torch.cat(latents),
            "measures": torch.from_numpy(np.concatenate(measures)),
            "embedding": faces.embedding,
            "landmarks": faces.landmarks,
            "shot_latents": torch.cat(shot_latents),
            "shot_embedding": torch.cat(shot_embedding),
            "shot_index": pairs["index"],
        },
        a.out,
    )


if __name__ == "__main__":
    main()
