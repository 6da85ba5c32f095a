"""Cutting people out of composites whose alpha is known: `python -m benchmarks.mask`.

The outline is drawn, not found by any net: a head, a neck and shoulders that lie inside a person, with loose strands of
hair around them. It is cut out of openpeople's portraits and put before every backdrop, so that each pixel's alpha is
known. A minute on two cores.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.people import selfies
from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.photos import largest_face
from pipelines.finishing.backdrops.backdrops import BACKDROPS, backdrop
from pipelines.images.decode import open_photo
from pipelines.matting.person_mask import PersonMask
from pipelines.matting.pixels import mix

SIDE = 1024  # of the composites, pixels
FINE = 4  # the outline is drawn this many times as large and averaged down
HEAD = ((0.5, 0.47), (0.24, 0.37))  # centre and half axes of an ellipse, in FFHQ's frame (0..1)
BUST = np.array([(0.37, 0.72), (0.63, 0.72), (0.64, 0.9), (0.86, 1.01), (0.14, 1.01), (0.36, 0.9)])
STRANDS, STRAND_LENGTH, STRAND_WIDTH = 60, 0.03, 0.002  # length and width in sides of the frame
SOFT = (0.0, 1.5)  # blur of the outline in pixels: in focus, and a little out of it
HALO = (3, 14)  # pixels outside the outline where a halo would be seen
PAPERS = ("seamless-light", "seamless-grey", "seamless-dark")  # before which it would be seen
BETWEEN_STRANDS = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (31, 31))


def outline(rng: np.random.Generator, blur: float) -> np.ndarray:
    """Draw a person's outline, blurred by so many pixels: alpha, float32 (SIDE, SIDE), 0 to 1."""
    large = SIDE * FINE
    canvas = np.zeros((large, large), np.uint8)
    (x, y), (across, down) = HEAD
    cv2.ellipse(canvas, _pixels((x, y)), _pixels((across, down)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.fillPoly(canvas, [(BUST * large).astype(np.int32)], 255, cv2.LINE_AA)
    for _ in range(STRANDS):
        start = rng.uniform(1.2 * np.pi, 1.8 * np.pi)  # the top of the head, where hair is
        length, bend = STRAND_LENGTH * rng.uniform(0.3, 1), rng.normal(0, 0.25)
        along = np.linspace(-0.3, 1, 12)
        angle = start + bend * along**2
        curve = np.c_[x + (across + length * along) * np.cos(angle), y + (down + length * along) * np.sin(angle)]
        width = max(1, round(STRAND_WIDTH * large * rng.uniform(0.4, 1)))
        cv2.polylines(canvas, [(curve * large).astype(np.int32)], False, 255, width, cv2.LINE_AA)
    alpha = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return cv2.GaussianBlur(alpha, (0, 0), blur) if blur else alpha


def _pixels(share: tuple[float, float]) -> tuple[int, int]:
    return round(share[0] * SIDE * FINE), round(share[1] * SIDE * FINE)


def hair_outwards(picture: np.ndarray) -> np.ndarray:
    """Continue the colours on the head's outline outwards, so that loose strands have the hair's.

    `picture` is float32 RGB (SIDE, SIDE, 3), 0 to 1, and so is what is returned.
    """
    (x, y), (across, down) = HEAD
    row, column = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
    right, below = column - x, row - y
    far = np.maximum(np.hypot(right / across, below / down) / 0.96, 1)
    far[below > 0] = 1
    place = np.stack([x + right / far, y + below / far]).astype(np.float32) * SIDE
    return cv2.remap(picture, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def halo(truth: np.ndarray, alpha: np.ndarray, colour: np.ndarray) -> float:
    """Mean difference, of 255, just outside the outline between paper (light, grey, dark) and the person put before it.

    `truth` and `alpha` are float32 (SIDE, SIDE), 0 to 1; `colour` is the person's, float32 RGB (SIDE, SIDE, 3), 0 to 1.
    """
    filled = cv2.morphologyEx((truth > 0.02).astype(np.uint8), cv2.MORPH_CLOSE, BETWEEN_STRANDS)
    distance = cv2.distanceTransform(1 - filled, cv2.DIST_L2, 3)
    ring = (distance > HALO[0]) & (distance < HALO[1])
    papers = [backdrop(name, SIDE, SIDE)[ring] for name in PAPERS]
    return fmean([float(255 * np.abs(mix(paper, colour[ring], alpha[ring]) - paper).mean()) for paper in papers])


def cut_outs(people: int) -> tuple[Outcome, Image.Image]:
    """Cut every person out of every backdrop: overlap, error of alpha and halo, and the worst twelve as a picture."""
    mask, analyser, rng = PersonMask(), FaceAnalyser(), np.random.default_rng(0)
    found: list[dict[str, Any]] = []
    tiles: list[np.ndarray] = []
    for file in selfies()[:people]:
        portrait = open_photo(file.with_name("studio_portrait.jpg"))
        face = largest_face(analyser.analyse(portrait))
        if face is None:
            raise SystemExit(f"No face in {file.parent.parent.name}'s portrait.")
        aligned, landmarks = ffhq_align(portrait, face.landmarks, SIDE)
        person = hair_outwards(aligned.astype(np.float32) / 255)
        for name in BACKDROPS:
            truth, behind = outline(rng, SOFT[len(found) % 2]), backdrop(name, SIDE, SIDE)
            composite = cv2.convertScaleAbs(mix(behind, person, truth), alpha=255)
            seen = mask.cut_out(composite, landmarks)
            ours, theirs = seen.alpha > 0.5, truth > 0.5
            found.append(
                {
                    "person": file.parent.parent.name,
                    "backdrop": name,
                    "overlap": float((ours & theirs).sum() / (ours | theirs).sum()),
                    "alpha": float(np.abs(seen.alpha - truth).mean()),
                    "halo": halo(truth, seen.alpha, seen.colour),
                }
            )
            shown = np.concatenate([composite, cv2.convertScaleAbs(np.dstack([seen.alpha] * 3), alpha=255)], 1)
            tiles.append(cv2.resize(shown, (512, 256), interpolation=cv2.INTER_AREA))
    column = {name: [one[name] for one in found] for name in ("overlap", "alpha", "halo")}
    worst = np.argsort(column["overlap"])[:12]
    figures = {
        "composites": len(found),
        "overlap_mean": fmean(column["overlap"]),
        "overlap_worst": min(column["overlap"]),
        "alpha_error_mean": fmean(column["alpha"]),
        "halo_of_255_mean": fmean(column["halo"]),
    }
    bars = [
        Bar(name="mask: mean overlap with the drawn outline", figure=figures["overlap_mean"], rule=">=", limit=0.95),
        Bar(name="mask: overlap, worst of all", figure=figures["overlap_worst"], rule=">=", limit=0.9),
        Bar(name="mask: mean error of alpha", figure=figures["alpha_error_mean"], rule="<=", limit=0.02),
        Bar(name="mask: halo 3 to 14 px outside, of 255", figure=figures["halo_of_255_mean"], rule="<=", limit=5.0),
    ]
    sheet = Image.fromarray(np.concatenate([tiles[k] for k in worst]))
    return Outcome(bars=bars, figures=figures, details={"composites": found}), sheet


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the bars."""
    line = parser(__doc__)
    line.add_argument("--people", type=int, default=10, metavar="N", help="only the first N of the ten people")
    line.add_argument("--sheet", type=Path, metavar="FILE", help="write the twelve worst there")
    given = line.parse_args(arguments)
    outcome, worst = cut_outs(given.people)
    if given.sheet:
        worst.save(given.sheet)
    partial = f"only {given.people} of {len(selfies())} people" if given.people < len(selfies()) else None
    about = {"people": given.people}
    return conclude({"mask": outcome}, given, command="python -m benchmarks.mask", about=about, partial=partial)


if __name__ == "__main__":
    sys.exit(main())
