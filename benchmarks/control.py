"""Parts three and four: seeds give different pictures of a person, and words give what they say."""

import itertools
from collections.abc import Mapping

import cv2
import numpy as np

from benchmarks.bars import Bar, Outcome
from benchmarks.bench import SEEDS, Bench, Drawn, mean
from training.attributes import NAMES, RULES, measure

PAIRS: Mapping[str, tuple[str, str, str]] = {
    "smiling / serious": ("smiling", "serious", "mouth"),
    "light / dark backdrop": ("light-backdrop", "dark-backdrop", "bright"),
    "turned right / left": ("turned-right", "turned-left", "turn"),
    "light / dark clothes": ("light-clothes", "dark-clothes", "clothes"),
    "lit from left / right": ("lit-left", "lit-right", "side"),
}
"""(the word that raises a measure, the word that lowers it, the measure of training.attributes)."""


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
    """By one seed and no mirroring: for how many people two words that exclude each other are told apart, and for how
    many the asked word's own rule holds, by which the training pictures got their words.
    """
    bars, details = [], {}
    for name, (up, down, measured) in PAIRS.items():
        differences: dict[str, float] = {}
        holds: dict[str, list[bool]] = {up: [], down: []}
        for person in bench.each(name):
            pair = {word: bench.draw(person, SEEDS[0], prompt=bench.say(word)) for word in (up, down)}
            values = {word: _measured(drawn, measured) for word, drawn in pair.items()}
            differences[person.id] = values[up] - values[down]
            for word, value in values.items():
                holds[word].append(_holds(word, value))
            bench.sheet.add(f"{person.id}: selfie, {up}, {down}", [person.selfie, *(d.image for d in pair.values())])
        told_apart = mean([difference > 0 for difference in differences.values()])
        bars.append(Bar(name=f"{name} told apart", figure=told_apart, rule=">=", limit=0.9, share=True))
        bars += [
            Bar(name=f"{word}: its rule holds", figure=mean(held), rule=">=", limit=0.9, share=True)
            for word, held in holds.items()
        ]
        details[name] = {"mean": mean(list(differences.values())), "by_person": differences, "rule_holds": holds}
    return Outcome(bars=bars, details=details)


def _holds(word: str, value: float) -> bool:
    """Whether a measure lies where pictures with this word have it; a figure that is no number does not."""
    low, high = next((low, high) for known, _, low, high in RULES if known == word)
    return low < value < high


def _measured(drawn: Drawn, name: str) -> float:
    """One of the measures of an engine output; no number where there is no face, so that nothing is told apart."""
    if drawn.face is None:
        return float("nan")
    side = drawn.image.shape[0]
    small = cv2.resize(drawn.image, (256, 256), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return float(measure(small[None], drawn.face.landmarks[None] * 256 / side)[0, NAMES.index(name)])
