"""Part six: whether anybody's skin is kept worse than others', by how light it is.

Openpeople and the people of held_out.npz, one finished headshot each, grouped by the individual typology
angle of their cheeks in the photo (Chardon et al. 1991, https://doi.org/10.1111/j.1467-2494.1991.tb00561.x).
"""

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.common.judges import cheek_colour, hue_difference
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, mean
from benchmarks.likeness.photo_count import load_shots
from pipelines.faces.identity import Identity, Shot, fuse
from pipelines.faces.photos import largest_face
from pipelines.finishing.finish import finish
from pipelines.finishing.skin_tone import median_skin_tone

GROUPS: Mapping[str, tuple[float, float]] = {"light": (41, 90), "intermediate": (28, 41), "tan to dark": (-90, 28)}
"""Degrees of the typology angle. Chardon's six classes, joined where the people are few."""


def skin_groups(bench: Bench) -> Outcome:
    """How much further off the cheeks of the worst group are than everybody's, in L* and in degrees of hue."""
    people: dict[str, dict[str, float]] = {}
    for name, identity in bench.counting(_everybody(bench), "skin groups"):
        image = bench.engine.generate(bench.engine.condition(identity), bench.prompt, bench.settings, SEEDS[0])
        skin = median_skin_tone(identity.shots)
        finished = finish(image, largest_face(bench.analyser.analyse(image)), bench.look, mask=bench.mask, skin=skin)
        face = largest_face(bench.analyser.analyse(finished))
        shot = identity.best
        before = cheek_colour(shot.image, shot.face.landmarks)
        after = np.full(3, np.inf) if face is None else cheek_colour(finished, face.landmarks)
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
    for measure, unit in (("lightness", "L*"), ("hue", "degrees of hue")):
        worst = max(mean([one[measure] for one in members]) for members in groups.values())
        more = worst - mean([one[measure] for one in people.values()])
        bars.append(Bar(name=f"skin: worst group off by more, {unit}", figure=more, rule="<=", limit=2.0))
    counts = {group: len(members) for group, members in groups.items()}
    return Outcome(bars=bars, details={"people_per_group": counts, "by_person": people})


def typology_angle(colour: np.ndarray) -> float:
    """Of skin in CIELAB (3,), degrees: above 55 very light, below -30 dark."""
    return float(np.degrees(np.arctan2(colour[0] - 50, colour[2])))


def _everybody(bench: Bench) -> Iterator[tuple[str, Identity]]:
    for person in bench.people:
        yield person.id, person.identity
    for who, pictures in load_shots().items():
        face = largest_face(bench.analyser.analyse(pictures[0]))
        if face is not None:
            yield f"held out {who}", fuse([Shot(image=pictures[0], face=face)], bench.analyser.recogniser)
