r"""Data and nets for the diffusion training in one process on a GPU: shots, landmark net, autoencoder, latents.

    python -m training.stages.all_on_gpu --synthesis run/synthesis.safetensors --rgb run/rgb128.safetensors \
        --start models/builtin/vae --out run/gpu

Replaces the stages pairs, landmarks, autoencoder_finetune and latents. Under `--out` it writes the folder `vae`, and
`latents.pt` and `landmarks.safetensors` for the diffusion stage. Without `--minutes` the autoencoder stays as it was.
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.checkpoint import Run
from training.data.attributes import measure
from training.data.gpu_faces import GpuShots, GpuShotSource, ShotRenderer, cut_out, render_people
from training.losses.arcface import ArcFace
from training.stages import autoencoder_finetune, landmarks
from training.stages.autoencoder_finetune import FacePictures, FinetuneLoss
from training.stages.latents import augment_people, composite_on_plain
from training.stages.mobilestylegan import load_generator
from training.stages.rgb_head import load_head

PEOPLE_PER_BATCH = 64
"""Number of people whose shots are encoded in one batch."""
CL = torch.channels_last


@torch.no_grad()
def encode_shots(
    shots: GpuShots, vae: FaceAutoencoder, arcface: ArcFace, *, seconds: float = float("inf")
) -> dict[str, torch.Tensor]:
    """Encode shots as drawn and augmented into the columns of training.stages.latents.

    Fewer people if it takes longer than `seconds`.
    """
    begun = time.monotonic()
    made: dict[str, list[torch.Tensor]] = {}
    people, device = int(shots.person.max()) + 1, shots.person.device
    order = torch.argsort(shots.person)
    starts = torch.arange(0, people + PEOPLE_PER_BATCH, PEOPLE_PER_BATCH, device=device)
    first = torch.searchsorted(shots.person[order], starts).tolist()

    def encode(view: FacePictures) -> tuple[torch.Tensor, torch.Tensor]:
        picture = view.picture.contiguous(memory_format=CL)
        with devices.half_precision(device):
            seen = arcface.maps(picture, view.landmarks)
            seen = seen._replace(maps=tuple(m.contiguous(memory_format=CL) for m in seen.maps))
            return vae.encode(picture, seen).half(), seen.embedding.half()

    for start, end in pairwise(first):
        part = shots.take(order[start:end])
        if not len(part.person) or time.monotonic() - begun > seconds:
            continue
        drawn = part.pictures(torch.arange(len(part.person), device=device))
        probability = part.probability.float() / 255
        person, alpha = cut_out(drawn, probability)
        _, which = torch.unique(part.person, return_inverse=True)
        for kind in range(2):
            if kind == 1:  # what is drawn and what is seen of a person are changed alike
                torch.manual_seed(start)
                drawn, _ = augment_people(drawn, probability, which)
                torch.manual_seed(start)
                person, alpha = augment_people(person, alpha, which)
            latents, embedding = encode(drawn)
            reference, _ = encode(FacePictures(composite_on_plain(person.picture, alpha), person.landmarks))
            columns = {
                "latents": latents, "reference": reference, "embedding": embedding,
                "measures": measure(drawn.picture * 0.5 + 0.5, drawn.landmarks), "landmarks": drawn.landmarks,
                "unsure_share": part.unsure_share, "person": part.person + kind * people,
            }  # fmt: skip
            for name, column in columns.items():
                made.setdefault(name, []).append(column.cpu())
    return {name: torch.cat(columns) for name, columns in made.items()}


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "rgb", "start", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--people", type=int, default=15000)
    parser.add_argument("--second-shots", type=int, default=2, help="further shots of each")
    parser.add_argument("--truncation", type=float, nargs=2, default=(0.6, 1.0), help="share of the distance kept")
    parser.add_argument(
        "--seconds", type=float, nargs=2, default=(60, 40), help="at most, to draw and to encode people"
    )
    parser.add_argument("--minutes", type=float, default=0, help="of training the autoencoder")
    parser.add_argument("--landmark-minutes", type=float, default=0.3)
    parser.add_argument("--with-style", type=int, default=64, help="people of each batch whose features are known")
    parser.add_argument("--augmented", type=int, default=96, help="pictures of each batch that are augmented")
    parser.add_argument("--decoder-only", action="store_true", help="the latents stay as they are")
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Run all parts and print what is done and the seconds it took."""
    a = argument_parser().parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    start, device = time.monotonic(), devices.default_device()

    def report(what: str) -> None:
        print(f"{time.monotonic() - start:.0f} s: {what}", flush=True)

    # 1. People and their shots.
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    mapping, synthesis = load_generator(a.synthesis)
    head = devices.to_device(load_head(a.rgb, 128), device)
    renderer = ShotRenderer(devices.to_device(synthesis, device), head, device)
    shots = render_people(mapping, renderer, a.people, a.second_shots, a.truncation, rng, seconds=a.seconds[0])
    report(f"{len(shots.person)} shots of {a.people} people, mask unsure (median) {shots.unsure_share.median():.4f}")
    source = GpuShotSource(shots, synthesis)

    # 2. The net that finds landmarks and differentiates.
    net = devices.to_device(landmarks.LandmarkNet(), device)
    landmarks.train(net, source.plain, Run(a.out / "landmarks.pt", a.landmark_minutes, a.seed), 128, 2e-3)
    landmarks.save_landmarks(net, a.out / "landmarks.safetensors")
    report("landmark net trained")

    # 3. The autoencoder.
    vae = devices.to_device(FaceAutoencoder.from_pretrained(a.start).float(), device)
    arcface = devices.to_device(ArcFace(locate(FACE_MODELS["w600k_mbf"])), device)
    if a.minutes:
        phase = devices.to_device(FinetuneLoss(vae, synthesis, head, arcface), device)
        autoencoder_finetune.train(phase, source, Run(a.out / "autoencoder.pt", a.minutes, a.seed), a)
        report("autoencoder trained")

    # 4. All shots as latents.
    torch.save(encode_shots(shots, vae.eval(), arcface, seconds=a.seconds[1]), a.out / "latents.pt")
    vae.to("cpu", memory_format=torch.contiguous_format).half().save_pretrained(a.out / "vae")
    report("latents written")


if __name__ == "__main__":
    main()
