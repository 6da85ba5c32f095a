"""False alarms of the warnings about hair, beard, glasses, skin and head coverings: on pairs of real shots.

Openpeople's shots of one person, each taken for the photo and each other for the picture. The picture's skin is given
the photo's tone first, as finishing does with every drawing. In the pairs of SEEN_BY_EYE the hair really differs.
"""

import io
from collections import Counter
from collections.abc import Iterator
from itertools import permutations

import numpy as np
from PIL import Image

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from benchmarks.likeness.photo_count import decode, load_files
from pipelines.drift.compare import DRIFTS, drifts
from pipelines.drift.traits import HeadTraits, measure_traits
from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.photos import largest_face
from pipelines.finishing.tones import cheek_tone, in_plain_light, match_skin_tone
from pipelines.images.decode import open_photo
from pipelines.matting.head_parser import HeadParser

SHOTS = ("amateur_selfie", "studio_portrait", "amateur_posture", "studio_posture")
SEEN_BY_EYE = {"P004": "hair loose or tied up", "P005": "a bun, and hair in the sun", "P010": "a bun"}
"""People whose hair is another in one shot than in the next; warnings about it are right."""
HAIR = ("hair shorter", "hair less", "hair lower", "hair lighter", "hair darker")
"""Warnings about hair."""
EYES_APART_LEFT = 1.0
"""Distances between the eyes that a cut photo has above them."""
MOST = 0.05
"""Share of pairs that may have a warning, for each warning."""


def drift(bench: Bench) -> Outcome:
    """Measure the share of pairs of the same person that have each warning."""
    parser = HeadParser()
    everybody, plain, portraits = Counter[str](), Counter[str](), Counter[str]()
    pairs = alike = 0
    for person in bench.each("drift"):
        shots = {name: open_photo(person.file.with_name(f"{name}.jpg")) for name in SHOTS}
        for first, second in permutations(SHOTS, 2):
            found = _found(shots[first], shots[second], bench.analyser, parser)
            pairs, everybody = pairs + 1, everybody + found
            if person.id not in SEEN_BY_EYE:
                alike, plain = alike + 1, plain + found
            if (first, second) == SHOTS[:2]:
                portraits += found
    tuned = Counter[str]()
    held_out = 0
    for photo, picture in bench.counting(list(_held_out()), "drift, held-out people"):
        tuned, held_out = tuned + _found(photo, picture, bench.analyser, parser), held_out + 1
    bars = [
        Bar(name=f"false alarms: {row.name}", figure=plain[row.name] / alike, rule="<=", limit=MOST, share=True)
        for row in DRIFTS
    ]
    shares = {
        "all_pairs": {row.name: everybody[row.name] / pairs for row in DRIFTS},
        "selfie_to_portrait": {row.name: portraits[row.name] / len(bench.people) for row in DRIFTS},
        "held_out_people": {row.name: tuned[row.name] / held_out for row in DRIFTS},
    }
    print(f"{pairs} pairs, {alike} with the same hair, {held_out} of held-out people, on whom the limits were set")
    for name, rows in shares.items():
        print(f"{name}: " + ", ".join(f"{row} {100 * share:.0f} %" for row, share in rows.items()))
    figures = {"pairs": pairs, "pairs_alike": alike, "worst_false_alarm_share": max(bar.figure for bar in bars)}
    return Outcome(bars=bars, figures=figures, details=shares)


def cut_photos(bench: Bench) -> Outcome:
    """Count the headshots whose hair is another than the selfie's, if that was cut through the forehead, and if not.

    There is no bar: what the photo does not show is a guess, and the photo check says so.
    """
    parser = HeadParser()
    counts = {"whole": Counter[str](), "cut": Counter[str]()}
    drawn = Counter[str]()
    for person in bench.counting(bench.people, "cut photos"):
        eyes = person.identity.best.face.landmarks[:2]
        top = max(0, round(float(eyes[:, 1].mean() - EYES_APART_LEFT * np.linalg.norm(eyes[1] - eyes[0]))))
        for name, photo in {"whole": person.selfie, "cut": person.selfie[top:]}.items():
            file = io.BytesIO()
            Image.fromarray(photo).save(file, "PNG")
            picture = bench.headshots(file.getvalue(), SEEDS[:1]).get(SEEDS[0])
            if picture is not None:
                found = _found(person.selfie, picture, bench.analyser, parser)
                drawn[name] += 1
                counts[name] += Counter({row: found[row] for row in HAIR})
                counts[name]["any"] += any(found[row] for row in HAIR)
                bench.sheet.add(f"{person.id}, {name}", [photo, picture])
    figures = {f"{name}_with_other_hair": float(counts[name]["any"]) for name in counts}
    figures |= {f"{name}_pictures": float(drawn[name]) for name in counts}
    return Outcome(bars=[], figures=figures, details={name: dict(found) for name, found in counts.items()})


def _found(photo: np.ndarray, picture: np.ndarray, analyser: FaceAnalyser, parser: HeadParser) -> Counter[str]:
    """Names of the warnings about a picture of the photo's person, both uint8 RGB (H, W, 3)."""
    before, face = largest_face(analyser.analyse(photo)), largest_face(analyser.analyse(picture))
    if before is None or face is None:
        return Counter()
    wanted = cheek_tone(photo, before)
    lit = match_skin_tone(
        picture.astype(np.float32) / 255, cheek_tone(picture, face), None if wanted is None else in_plain_light(wanted)
    )
    traits: HeadTraits = measure_traits((lit * 255).round().astype(np.uint8), face, parser)
    return Counter(row.name for row in drifts([measure_traits(photo, before, parser)], traits))


def _held_out() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for files in load_files().values():
        yield from permutations([decode(file) for file in files], 2)
