"""Faces of people who do not exist, each with style, ArcFace embedding and landmarks.

    python -m training.stages.make_faces --synthesis run/synthesis.safetensors --count 8000 --out run/faces

Writes one .npz for every 500 drawn people; those already there are kept, so that the command can be stopped and given
again, or given to several processes with different seeds. A shard depends on seed and number alone. On a CPU run one
process per core, each under `taskset -c N`.

Columns, n people: style (n, 512) float16; embedding (n, 512) float16, not normalised (w600k_mbf on the 512 px picture);
kps (n, 5, 2) float16, pixels at 512 px; webp: the n pictures, RGB 256 px, as one run of bytes cut at webp_offsets
(n + 1). No pickle anywhere.
"""

import argparse
import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from pipelines.engines.builtin.alignment import arcface_crop
from pipelines.engines.builtin.mobilestylegan import STYLE_DIM
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.data.one_face_detector import FaceDetector
from training.losses.arcface import ArcFace
from training.stages.mobilestylegan import Mapping, load_generator

SHARD_SIZE = 500
"""Number of people drawn for one shard."""


class FaceRow(NamedTuple):
    """Row of a shard, in the columns above."""

    style: np.ndarray
    embedding: np.ndarray
    landmarks: np.ndarray
    webp: bytes


def draw_styles(
    mapping: Mapping, rng: np.random.Generator, count: int, truncation: tuple[float, float]
) -> torch.Tensor:
    """Draw styles (count, 512) that keep a random share, `truncation` (low, high), of their distance to the mean."""
    noise = torch.from_numpy(rng.normal(size=(count, STYLE_DIM)).astype(np.float32))
    share = torch.from_numpy(rng.uniform(*truncation, (count, 1)).astype(np.float32))
    mean = mapping.mean()
    return mean + share * (mapping(noise) - mean)


def encode_webp(picture: np.ndarray) -> bytes:
    """Encode uint8 RGB (256, 256, 3) as a WebP file of about 10 kB."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=88)
    return buffer.getvalue()


def draw_faces(
    styles: torch.Tensor,
    draw: Callable[[torch.Tensor], torch.Tensor],
    arcface: ArcFace,
    find: FaceDetector,
    pool: Executor,
) -> Iterator[FaceRow]:
    """Draw a batch of styles (B, 512) with `draw` (-> 1024 px); pictures without a face are left out."""
    pictures = F.avg_pool2d(draw(styles).float().clamp(-1, 1), 2)
    small = F.avg_pool2d(pictures, 2)
    shown, stored = (
        (x.permute(0, 2, 3, 1) * 127.5 + 127.5).round().to(torch.uint8).cpu().numpy() for x in (pictures, small)
    )
    found = find.detect_all(pool, shown)
    kept = [k for k, landmarks in enumerate(found) if landmarks is not None]
    if not kept:
        return
    landmarks = np.stack([points for points in found if points is not None])
    embeddings, _ = arcface(arcface_crop(pictures[kept], torch.from_numpy(landmarks).to(pictures.device)))
    files = list(pool.map(encode_webp, stored[kept]))
    yield from map(FaceRow, styles[kept].cpu().numpy(), embeddings.float().cpu().numpy(), landmarks, files)


def write_shard(path: Path, rows: list[FaceRow]) -> None:
    """Write a shard under another name, then rename it, so that a kill leaves no partial one."""
    style, embedding, landmarks, files = zip(*rows, strict=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            style=np.array(style, np.float16),
            embedding=np.array(embedding, np.float16),
            kps=np.array(landmarks, np.float16),
            webp=np.frombuffer(b"".join(files), np.uint8),
            webp_offsets=np.cumsum([0, *map(len, files)]),
        )
    os.replace(part, path)


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthesis", type=Path, required=True, help="written by training.stages.mobilestylegan")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--count", type=int, default=8000, help="people to draw; about 1 in 1,000 shows no face")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after the shard that ends later")
    parser.add_argument("--truncation", type=float, nargs=2, default=(0.65, 0.95), help="share of the distance kept")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1, help="threads that find faces and write WebP")
    parser.add_argument("--float32", action="store_true", help="on CPUs without bfloat16")
    return parser


@torch.no_grad()
def main() -> None:
    """Write the shards that are missing."""
    a = argument_parser().parse_args()
    cv2.setNumThreads(1)
    device, start = devices.default_device(), time.monotonic()
    mapping, synthesis = load_generator(a.synthesis)
    compiled = torch.compile(devices.to_device(synthesis, device))
    arcface, find = ArcFace(locate(FACE_MODELS["w600k_mbf"])).to(device), FaceDetector()

    def draw(styles: torch.Tensor) -> torch.Tensor:
        with nullcontext() if a.float32 else devices.half_precision(device):
            return compiled(styles)

    a.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(a.workers) as pool:
        for shard in range(-(-a.count // SHARD_SIZE)):
            path = a.out / f"faces_{a.seed:03d}_{shard:03d}.npz"
            if path.exists():
                continue
            if time.monotonic() - start > 60 * a.minutes:
                break
            count = min(SHARD_SIZE, a.count - shard * SHARD_SIZE)
            styles = draw_styles(mapping, np.random.default_rng([a.seed, shard]), count, a.truncation).to(device)
            rows: list[FaceRow] = []
            for batch in styles.split(a.batch):
                rows += draw_faces(batch, draw, arcface, find, pool)
            if not rows:
                raise SystemExit("None of these pictures shows a face. Was --synthesis written by mobilestylegan?")
            write_shard(path, rows)
            print(f"{path.name}: {len(rows)} of {count} people, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
