r"""Everything before the diffusion model, in one process on a GPU: people, landmark net, autoencoder, latents.

    python -m training.stages.all_on_gpu --synthesis run/synthesis.safetensors --rgb run/rgb128.safetensors \
        --start models/builtin/vae --out run/gpu

What stages 2, 6, 7, 5b and 8 do on a CPU. Nothing but the results is written: under `--out` the folder `vae`, and
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
from training.data.gpu_faces import Artist, Crowd, CrowdSource, cut_out, draw_crowd
from training.losses.arcface import ArcFace
from training.stages import autoencoder_finetune, landmarks
from training.stages.autoencoder_finetune import Phase, Shown
from training.stages.latents import before_backdrop, strange
from training.stages.mobilestylegan import load_generator
from training.stages.rgb_head import load_head

TOGETHER = 64
"""People whose shots are encoded in one batch."""
CL = torch.channels_last


@torch.no_grad()
def encoded(
    crowd: Crowd, vae: FaceAutoencoder, arcface: ArcFace, *, seconds: float = float("inf")
) -> dict[str, torch.Tensor]:
    """What training.stages.latents writes, of each shot as it is and of each person with another skull.

    Of fewer people where that takes longer than `seconds`.
    """
    begun = time.monotonic()
    made: dict[str, list[torch.Tensor]] = {}
    people, device = int(crowd.person.max()) + 1, crowd.person.device
    order = torch.argsort(crowd.person)
    starts = torch.arange(0, people + TOGETHER, TOGETHER, device=device)
    first = torch.searchsorted(crowd.person[order], starts).tolist()

    def encode(view: Shown) -> tuple[torch.Tensor, torch.Tensor]:
        picture = view.picture.contiguous(memory_format=CL)
        with devices.half_precision(device):
            seen = arcface.maps(picture, view.landmarks)
            seen = seen._replace(maps=tuple(m.contiguous(memory_format=CL) for m in seen.maps))
            return vae.encode(picture, seen).half(), seen.embedding.half()

    for start, end in pairwise(first):
        part = crowd.take(order[start:end])
        if not len(part.person) or time.monotonic() - begun > seconds:
            continue
        drawn = part.shown(torch.arange(len(part.person), device=device))
        probability = part.probability.float() / 255
        person, alpha = cut_out(drawn, probability)
        _, which = torch.unique(part.person, return_inverse=True)
        for kind in range(2):
            if kind == 1:  # what is drawn and what is seen of a person are changed alike
                torch.manual_seed(start)
                drawn, _ = strange(drawn, probability, which)
                torch.manual_seed(start)
                person, alpha = strange(person, alpha, which)
            latents, embedding = encode(drawn)
            reference, _ = encode(Shown(before_backdrop(person.picture, alpha), person.landmarks))
            columns = {
                "latents": latents, "reference": reference, "embedding": embedding,
                "measures": measure(drawn.picture * 0.5 + 0.5, drawn.landmarks), "landmarks": drawn.landmarks,
                "doubt": part.doubt, "person": part.person + kind * people,
            }  # fmt: skip
            for name, column in columns.items():
                made.setdefault(name, []).append(column.cpu())
    return {name: torch.cat(columns) for name, columns in made.items()}


def main() -> None:
    """Does it all, and says what it does and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "rgb", "start", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--people", type=int, default=15000)
    parser.add_argument("--again", type=int, default=2, help="further shots of each")
    parser.add_argument("--truncation", type=float, nargs=2, default=(0.6, 1.0), help="share of the distance kept")
    parser.add_argument(
        "--seconds", type=float, nargs=2, default=(60, 40), help="at most, to draw and to encode people"
    )
    parser.add_argument("--minutes", type=float, default=0, help="of training the autoencoder")
    parser.add_argument("--landmark-minutes", type=float, default=0.3)
    parser.add_argument("--known", type=int, default=64, help="people of each batch whose features are known")
    parser.add_argument("--strange", type=int, default=96, help="pictures of each batch that are made strange")
    parser.add_argument("--decoder-only", action="store_true", help="the latents stay as they are")
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    start, device = time.monotonic(), devices.pick()

    def say(what: str) -> None:
        print(f"{time.monotonic() - start:.0f} s: {what}", flush=True)

    # 1. People and their shots.
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    mapping, synthesis = load_generator(a.synthesis)
    head = devices.place(load_head(a.rgb, 128), device)
    artist = Artist(devices.place(synthesis, device), head, device)
    crowd = draw_crowd(mapping, artist, a.people, a.again, a.truncation, rng, seconds=a.seconds[0])
    say(f"{len(crowd.person)} shots of {a.people} people, mask unsure (median) {crowd.doubt.median():.4f}")
    source = CrowdSource(crowd, synthesis)

    # 2. The net that finds landmarks and differentiates.
    net = devices.place(landmarks.Landmarks(), device)
    landmarks.train(net, source.any, Run(a.out / "landmarks.pt", a.landmark_minutes, a.seed), 128, 2e-3)
    landmarks.save_landmarks(net, a.out / "landmarks.safetensors")
    say("landmark net trained")

    # 3. The autoencoder.
    vae = devices.place(FaceAutoencoder.from_pretrained(a.start).float(), device)
    arcface = devices.place(ArcFace(locate(FACE_MODELS["w600k_mbf"])), device)
    if a.minutes:
        phase = devices.place(Phase(vae, synthesis, head, arcface), device)
        autoencoder_finetune.train(phase, source, Run(a.out / "autoencoder.pt", a.minutes, a.seed), a)
        say("autoencoder trained")

    # 4. All shots as latents.
    torch.save(encoded(crowd, vae.eval(), arcface, seconds=a.seconds[1]), a.out / "latents.pt")
    vae.to("cpu", memory_format=torch.contiguous_format).half().save_pretrained(a.out / "vae")
    say("latents written")


if __name__ == "__main__":
    main()
