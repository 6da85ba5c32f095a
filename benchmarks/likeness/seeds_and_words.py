"""Parts three and four: seeds give different pictures of a person, and words give what they say."""

import itertools
from collections.abc import Mapping

import cv2
import numpy as np
import torch

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, Drawn, mean
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
"""(the word that raises a measure, the word that lowers it, the measure of training.data.attributes)."""

NOT_COPIED = ("turn", "mouth")
"""Measures for which the word that contradicts the selfie has to win over it."""


def seeds(bench: Bench) -> Outcome:
    """Mean absolute difference, of 255, between engine outputs of the four seeds inside the face."""
    by_person = {}
    for person in bench.each("seeds"):
        drawn = [bench.draw(person, seed) for seed in SEEDS]
        inside = _face_area(drawn)
        crops = [one.image[inside].astype(np.int16) for one in drawn]
        by_person[person.id] = mean([float(np.abs(a - b).mean()) for a, b in itertools.combinations(crops, 2)])
    figure = mean(list(by_person.values()))
    bar = Bar(name="seeds: mean difference inside the face, of 255", figure=figure, rule=">=", limit=6.0)
    return Outcome(bars=[bar], details={"by_person": by_person})


def _face_area(drawn: list[Drawn]) -> tuple[slice, slice]:
    """The mean box of the faces, inside the picture; the whole picture where no face was found."""
    height, width = drawn[0].image.shape[:2]
    boxes = [one.face.box for one in drawn if one.face is not None] or [np.array([0, 0, width, height])]
    x0, y0, x1, y1 = np.mean(boxes, axis=0).round().astype(int)
    return slice(max(0, y0), min(height, y1)), slice(max(0, x0), min(width, x1))


def words(bench: Bench) -> Outcome:
    """By one seed: for how many people two words that exclude each other are told apart, and for how many the asked
    word's own rule holds, by which the training pictures got their words.
    """
    bars, details = [], {}
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
        told_apart = mean([difference > 0 for difference in differences.values()])
        bars.append(Bar(name=f"{name} told apart", figure=told_apart, rule=">=", limit=0.9, share=True))
        bars += [
            Bar(name=f"{word}: its rule holds", figure=mean(held), rule=">=", limit=0.9, share=True)
            for word, held in holds.items()
        ]
        details[name] = {"mean": mean(list(differences.values())), "by_person": differences, "rule_holds": holds}
    not_a_copy = mean([all(held.values()) for held in follows.values()])
    name = "not a copy: turn and expression go by the word"
    bars.append(Bar(name=name, figure=not_a_copy, rule=">=", limit=0.9, share=True))
    return Outcome(bars=bars, details=details | {"not_a_copy": follows})


def contrary(up: str, down: str, person: Person) -> str:
    """Of two opposite words, the one whose rule is further from what the selfie shows."""
    face = person.identity.best.face
    aligned, landmarks = ffhq_align(person.selfie, face.landmarks)
    value = _of_picture(aligned, landmarks, next(name for word, name, *_ in RULES if word == up))
    low, high = (next(bounds for word, _, *bounds in RULES if word == one) for one in (up, down))
    return up if low[0] - value > value - high[1] else down


def _holds(word: str, value: float) -> bool:
    """Whether a measure lies where pictures with this word have it; a figure that is no number does not."""
    low, high = next((low, high) for known, _, low, high in RULES if known == word)
    return low < value < high


def _measured(drawn: Drawn, name: str) -> float:
    """One of the measures of an engine output; no number where there is no face, so that nothing is told apart."""
    if drawn.face is None:
        return float("nan")
    small = cv2.resize(drawn.image, (256, 256), interpolation=cv2.INTER_AREA)
    return _of_picture(small, drawn.face.landmarks * 256 / drawn.image.shape[0], name)


def _of_picture(picture: np.ndarray, landmarks: np.ndarray, name: str) -> float:
    """One of the measures of a uint8 RGB (256, 256, 3) picture in FFHQ's frame."""
    shown = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    return float(measure(shown, torch.from_numpy(landmarks.astype(np.float32))[None])[0, NAMES.index(name)])
