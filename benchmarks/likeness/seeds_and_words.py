"""Difference between the pictures of one person by four seeds, and obedience to the sixteen words."""

import itertools
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, Drawn
from benchmarks.likeness.people import Person
from pipelines.engines.builtin.alignment import ffhq_align
from training.data.attributes import NAMES, RULES, measure

PAIRS: Mapping[str, tuple[str, str, str]] = {
    "smiling / serious": ("smiling", "serious", "mouth"),
    "light / dark backdrop": ("light-backdrop", "dark-backdrop", "bright"),
    "turned right / left": ("turned-right", "turned-left", "turn"),
    "light / dark clothes": ("light-clothes", "dark-clothes", "clothes"),
    "lit from left / right": ("lit-left", "lit-right", "side"),
}
"""Pairs of opposite words: the word that raises a measure, the word that lowers it, and the measure's name in
`training.data.attributes`."""

NOT_COPIED = ("turn", "mouth")
"""Measures for which the word that contradicts the selfie has to win over it."""


def seeds(bench: Bench) -> Outcome:
    """Measure the mean absolute difference, of 255, between engine outputs of the four seeds inside the face."""
    by_person = {}
    for person in bench.each("seeds"):
        drawn = [bench.draw(person, seed) for seed in SEEDS]
        inside = _face_area(drawn)
        crops = [one.image[inside].astype(np.int16) for one in drawn]
        by_person[person.id] = fmean([float(np.abs(a - b).mean()) for a, b in itertools.combinations(crops, 2)])
    figure = fmean(list(by_person.values()))
    bar = Bar(name="seeds: mean difference inside the face, of 255", figure=figure, rule=">=", limit=6.0)
    figures = {"difference_inside_the_face_of_255": figure}
    return Outcome(bars=[bar], figures=figures, details={"by_person": by_person})


def _face_area(drawn: list[Drawn]) -> tuple[slice, slice]:
    """Mean box of the faces, inside the picture; the whole picture where no face was found."""
    height, width = drawn[0].image.shape[:2]
    boxes = [one.face.box for one in drawn if one.face is not None] or [np.array([0, 0, width, height])]
    x0, y0, x1, y1 = np.mean(boxes, axis=0).round().astype(int)
    return slice(max(0, y0), min(height, y1)), slice(max(0, x0), min(width, x1))


def words(bench: Bench) -> Outcome:
    """Count the people, one seed each, for whom two opposite words are told apart, and for whom each word's rule holds.

    The rules are those by which the training pictures got their words.
    """
    bars: list[Bar] = []
    details: dict[str, Any] = {}
    apart: list[int] = []
    held_by_word: dict[str, int] = {}
    follows: dict[str, dict[str, bool]] = {person.id: {} for person in bench.people}
    for name, (up, down, measured) in PAIRS.items():
        differences: dict[str, float] = {}
        holds: dict[str, list[bool]] = {up: [], down: []}
        for person in bench.each(name):
            pair = {word: bench.draw(person, SEEDS[0], prompt=bench.say(word)) for word in (up, down)}
            values = {word: _measured(drawn, measured) for word, drawn in pair.items()}
            differences[person.id] = values[up] - values[down]
            for word, value in values.items():
                holds[word].append(_holds(word, value))
            if measured in NOT_COPIED:
                other = contrary(up, down, person)
                follows[person.id][other] = _holds(other, values[other])
            bench.sheet.add(f"{person.id}: selfie, {up}, {down}", [person.selfie, *(d.image for d in pair.values())])
        told_apart = fmean([difference > 0 for difference in differences.values()])
        apart.append(sum(difference > 0 for difference in differences.values()))
        held_by_word |= {word: sum(held) for word, held in holds.items()}
        bars.append(Bar(name=f"{name} told apart", figure=told_apart, rule=">=", limit=0.9, share=True))
        bars += [
            Bar(name=f"{word}: its rule holds", figure=fmean(held), rule=">=", limit=0.9, share=True)
            for word, held in holds.items()
        ]
        details[name] = {"mean": fmean(list(differences.values())), "by_person": differences, "rule_holds": holds}
    by_the_word = [all(held.values()) for held in follows.values()]
    name = "not a copy: turn and expression go by the word"
    bars.append(Bar(name=name, figure=fmean(by_the_word), rule=">=", limit=0.9, share=True))
    figures = {
        "people": len(bench.people),
        "told_apart_fewest_people": min(apart),
        "rule_holds_fewest_people": min(held_by_word.values()),
        "word_against_photo_people": sum(by_the_word),
        **{f"rule_holds_{word.replace('-', '_')}_people": held for word, held in held_by_word.items()},
    }
    return Outcome(bars=bars, figures=figures, details=details | {"not_a_copy": follows})


def contrary(up: str, down: str, person: Person) -> str:
    """Return the one of two opposite words whose rule is further from what the selfie shows."""
    face = person.identity.best.face
    aligned, landmarks = ffhq_align(person.selfie, face.landmarks)
    value = _of_picture(aligned, landmarks, next(name for word, name, *_ in RULES if word == up))
    low, high = (next(bounds for word, _, *bounds in RULES if word == one) for one in (up, down))
    return up if low[0] - value > value - high[1] else down


def _holds(word: str, value: float) -> bool:
    """Return True if a measure lies where pictures with this word have it; NaN never does."""
    low, high = next((low, high) for known, _, low, high in RULES if known == word)
    return low < value < high


def _measured(drawn: Drawn, name: str) -> float:
    """Take one of the measures of an engine output; NaN where there is no face, so that nothing is told apart."""
    if drawn.face is None:
        return float("nan")
    small = cv2.resize(drawn.image, (256, 256), interpolation=cv2.INTER_AREA)
    return _of_picture(small, drawn.face.landmarks * 256 / drawn.image.shape[0], name)


def _of_picture(picture: np.ndarray, landmarks: np.ndarray, name: str) -> float:
    """Take one of the measures of a uint8 RGB (256, 256, 3) picture in FFHQ's frame."""
    shown = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    return float(measure(shown, torch.from_numpy(landmarks.astype(np.float32))[None])[0, NAMES.index(name)])
