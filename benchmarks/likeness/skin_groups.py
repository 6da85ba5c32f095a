"""Colour of the cheeks in finished headshots, by how light the skin is: nobody's may be kept worse than others'.

Openpeople and the people of held_out.npz, one headshot each, grouped by the individual typology angle of their cheeks
in the photo (Chardon et al. 1991, https://doi.org/10.1111/j.1467-2494.1991.tb00561.x).
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common.judges import cheek_colour, hue_difference
from benchmarks.common.relight import SHADE, TUNGSTEN, relit
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from benchmarks.likeness.photo_count import decode, load_files
from pipelines.faces.photos import largest_face

GROUPS: Mapping[str, tuple[float, float]] = {"light": (41, 90), "intermediate": (28, 41), "tan to dark": (-90, 28)}
"""Degrees of the typology angle. Chardon's six classes, joined where the people are few."""
LIGHTS: Mapping[str, Mapping[str, Any]] = {
    "two_stops_under": {"ev": -2},
    "one_stop_over": {"ev": 1},
    "tungsten": {"lamp": TUNGSTEN},
    "shade": {"lamp": SHADE},
}
"""Arguments of `relit`."""


def skin_groups(bench: Bench) -> Outcome:
    """Measure how much further off the cheeks of the worst group are than everybody's, in L* and degrees of hue."""
    people: dict[str, dict[str, float]] = {}
    for name, photo, before in bench.counting(_everybody(bench), "skin groups"):
        finished = bench.headshots(photo, SEEDS[:1]).get(SEEDS[0])
        face = None if finished is None else largest_face(bench.analyser.analyse(finished))
        after = np.full(3, np.inf) if finished is None or face is None else cheek_colour(finished, face.landmarks)
        people[name] = {
            "angle": typology_angle(before),
            "lightness": abs(float(after[0] - before[0])),
            "hue": abs(hue_difference(after, before)),
        }
    groups = {
        group: members
        for group, (low, high) in GROUPS.items()
        if (members := [one for one in people.values() if low <= one["angle"] < high])
    }
    bars = []
    counts = {group: len(members) for group, members in groups.items()}
    figures: dict[str, float] = {f"people_{group.replace(' ', '_')}": count for group, count in counts.items()}
    for measure, unit in (("lightness", "L*"), ("hue", "degrees of hue")):
        worst = max(fmean([one[measure] for one in members]) for members in groups.values())
        more = worst - fmean([one[measure] for one in people.values()])
        bars.append(Bar(name=f"skin: worst group off by more, {unit}", figure=more, rule="<=", limit=2.0))
        figures[f"worst_group_{measure}_off_by_more"] = more
    return Outcome(bars=bars, figures=figures, details={"people_per_group": counts, "by_person": people})


def relit_photos(bench: Bench) -> Outcome:
    """Measure how far the cheeks are off in headshots of the ten selfies taken in a worse light.

    Against the cheeks in the headshot of the selfie as it was, in L* and as the distance of a* and b*; the means of the
    three darkest, the four between and the three lightest people.
    """
    people = sorted(bench.people, key=lambda person: float(person.cheeks[0]))
    changes: dict[str, list[np.ndarray]] = {name: [] for name in LIGHTS}
    for person in bench.counting(people, "relit photos"):
        wanted = _drawn_cheeks(bench, person.selfie)
        for name, light in LIGHTS.items():
            got = _drawn_cheeks(bench, relit(person.selfie, **light))
            changes[name].append(np.full(3, np.inf) if wanted is None or got is None else got - wanted)
    figures: dict[str, float] = {}
    for name, found in changes.items():
        apart = np.array(found)
        groups = [float(part.mean()) for part in np.array_split(apart[:, 0], [3, 7]) if part.size]
        figures[f"{name}_lightness_worst_group"] = max(map(abs, groups))
        figures[f"{name}_colour"] = float(np.hypot(apart[:, 1], apart[:, 2]).mean())
    worst = max(share for name, share in figures.items() if name.endswith("worst_group"))
    bar = Bar(name="relit photos: cheeks of the worst group off, L*", figure=worst, rule="<=", limit=3.0)
    return Outcome(bars=[bar], figures={**figures, "worst_lightness": worst}, details={})


def _drawn_cheeks(bench: Bench, photo: np.ndarray) -> np.ndarray | None:
    """Colour of the cheeks, CIELAB (3,), in a headshot of uint8 RGB (H, W, 3); None without a face."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    finished = bench.headshots(file.getvalue(), SEEDS[:1]).get(SEEDS[0])
    face = None if finished is None else largest_face(bench.analyser.analyse(finished))
    return None if finished is None or face is None else cheek_colour(finished, face.landmarks)


def typology_angle(colour: np.ndarray) -> float:
    """Individual typology angle of skin, CIELAB (3,), in degrees: above 55 very light, below -30 dark."""
    return float(np.degrees(np.arctan2(colour[0] - 50, colour[2])))


def _everybody(bench: Bench) -> Iterator[tuple[str, Path | bytes, np.ndarray]]:
    """Iterate over names, photos and the colour of their cheeks, CIELAB (3,)."""
    for person in bench.people:
        yield person.id, person.file, person.cheeks
    for who, files in load_files().items():
        picture = decode(files[0])
        face = largest_face(bench.analyser.analyse(picture))
        if face is not None:
            yield f"held out {who}", files[0], cheek_colour(picture, face.landmarks)
