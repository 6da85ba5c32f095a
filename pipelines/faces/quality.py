"""Quality of a face: measures, what they find amiss, and what to do about it.

A warning begins where the likeness to an untouched photo of the same person begins to fall, or where the pictures made
from it would suffer; a face is refused where the likeness is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.faces.measurements import FaceMeasurements
from pipelines.faces.pattern import INNER
from pipelines.language.sentence import Sentence, make_sentences

LEFT, RIGHT = Sentence("left", "side"), Sentence("right", "side")
LEAST_SCORE = 0.05
SMALL = 40  # pixels between the eyes
DOUBTFUL, DOUBT = 0.65, 0.15
"""The detector's confidence below which it doubts, and how much likeness to a mean face that takes away."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A thing that could be better about a face."""

    measure: str  # what was measured, and its unit
    value: float
    reason: str  # a sentence: what is the matter
    fix: str  # a sentence: what to do
    blocking: bool  # the face cannot be used


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Usability of a face."""

    score: float  # 0..1, the weight in `faces.fuse`
    findings: tuple[Finding, ...]  # worst first; empty = nothing to say


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A row of MEASURES. Whether more is better or worse follows from `fine` and `worst`; signs only give `{side}`."""

    name: str  # with its unit
    value: Callable[[FaceMeasurements], float | None]  # None: cannot be measured on this face
    fine: float  # a warning begins beyond
    worst: float  # from here on no more than `least` is left of the face's worth
    least: float  # 0..1
    reason: str  # a sentence; {value} and {side} (left or right) are filled in
    fix: str
    refuse: float | None = None  # the face is refused beyond
    refusal: str = ""  # the reason then

    def __post_init__(self) -> None:
        make_sentences(self, "reason", "fix", "refusal")

    def take(self, view: FaceMeasurements) -> tuple[float, Finding | None]:
        """Return the share (0..1) that is left of the face's worth, and what there is to say."""
        value = self.value(view)
        if value is None:
            return 1.0, None
        bad = np.clip((self.fine - abs(value)) / (self.fine - self.worst), 0, 1)
        share = float(1 - bad * (1 - self.least))
        if bad == 0:
            return share, None
        blocking = self.refuse is not None and (abs(value) < self.refuse) == (self.worst < self.fine)
        sentence = self.refusal if blocking else self.reason
        # Whole numbers, rounded down: "40 where 40 are good" would puzzle people.
        reason = sentence.format(value=int(abs(value)), side=RIGHT if value > 0 else LEFT)
        return share, Finding(measure=self.name, value=value, reason=reason, fix=self.fix, blocking=blocking)


def assess(view: FaceMeasurements) -> Quality:
    """Take every measure; the score is the product of what each leaves."""
    taken = [measure.take(view) for measure in MEASURES]
    findings = [(share, finding) for share, finding in taken if finding]
    findings.sort(key=lambda found: (not found[1].blocking, found[0]))
    score = float(np.prod([share for share, _ in taken]))
    return Quality(score=max(score, LEAST_SCORE), findings=tuple(finding for _, finding in findings))


def _sharpness(view: FaceMeasurements) -> float | None:
    """Share of the fine contrast that another blur takes away, in the worse direction: a shake blurs one only.

    Crete et al. 2007, The blur effect. The variance of a Laplacian, the usual measure, changes ten times as much with
    light and contrast as with the blur that begins to cost likeness.
    """
    value = min(_lost_by_blur(view.luma), _lost_by_blur(view.luma.T))
    # A small face is soft in any case, and said to be small.
    return None if view.size < SMALL and value > 0.25 else value


def _lost_by_blur(luma: np.ndarray) -> float:
    before = np.abs(np.diff(luma, axis=1))
    after = np.abs(np.diff(cv2.blur(luma, (9, 1)), axis=1))
    return float(np.maximum(before - after, 0).sum() / max(before.sum(), 1e-3))


def _uneven(view: FaceMeasurements) -> float | None:
    return view.cheeks[0] - view.cheeks[1] if view.cheeks and not view.blocked else None


def _colour(view: FaceMeasurements) -> float:
    return float(np.median(np.hypot(view.colours[INNER][..., 1], view.colours[INNER][..., 2])))


def _hard_steps(view: FaceMeasurements) -> float | None:
    """Share of neighbouring pixels that differ by 40 and more: skin has few, outlines and areas of one colour many."""
    return None if view.steps is None or view.size < SMALL else float((view.steps >= 40).mean())


def _positive(view: FaceMeasurements) -> float | None:
    """Correlation with a mean face as a share: .5 is none, 0 its negative."""
    return None if view.pattern is None else (1 + view.pattern) / 2


def _facing(view: FaceMeasurements) -> float | None:
    """The same; less where the detector doubts the face: it gives backs of heads .5 to .62, faces .63 and more."""
    positive = _positive(view)
    return None if positive is None else max(positive - (DOUBT if view.confidence < DOUBTFUL else 0.0), 0.0)


MEASURES = (
    Measure(
        name="negative (likeness to a mean face, 0 to 1; .5 is none)",
        value=_positive,
        fine=0.5,
        worst=0.3,
        least=0.05,
        reason="The photo hardly shows what faces have in common.",
        fix="Turn the negative into an ordinary picture in a photo app, or use another photo.",
        refuse=0.38,
        refusal="The photo is a negative: light and dark are the wrong way round.",
    ),
    Measure(
        name="facing (the same, less where the detector doubts, 0 to 1)",
        value=_facing,
        fine=0.56,
        worst=0.4,
        least=0.1,
        reason="It is hard to see that a face looks into the camera here.",
        fix="Use a clear photo of one person who looks into the camera.",
        refuse=0.5,
        refusal="No face looks into the camera here: it seems to be the back of a head, or no face at all.",
    ),
    Measure(
        name="size (pixels between the eyes)",
        value=lambda view: view.size,
        fine=SMALL,
        worst=8,
        least=0.3,
        reason="The face is small: about {value} pixels between the eyes, where 40 or more are good.",
        fix="Use a photo taken from nearer, or the original instead of a smaller copy.",
        refuse=12,
        refusal="The face is too small: about {value} pixels between the eyes, and it needs 12 at least.",
    ),
    Measure(
        name="sharpness (share of fine contrast, 0 to 1)",
        value=_sharpness,
        fine=0.42,
        worst=0.18,
        least=0.15,
        reason="The face is a little blurred.",
        fix="Use a sharper photo: wipe the lens, hold the camera still, and let there be more light.",
        refuse=0.25,
        refusal="The face is too blurred to recognise anybody.",
    ),
    Measure(
        name="light (brightest places of the face, 0 to 255)",
        value=lambda view: float(np.percentile(view.luma, 95)),
        fine=90,  # dark skin in good light has 145 and more
        worst=20,
        least=0.3,
        reason="The face is dark.",
        fix="Face a window, or turn on a light in front of you.",
        refuse=30,
        refusal="The photo is too dark to see the face.",
    ),
    Measure(
        name="glare (share of the face with a colour at its limit, 0 to 1)",
        value=lambda view: float((view.crop[INNER].max(2) >= 250).mean()),
        fine=0.25,
        worst=1.0,
        least=0.5,
        reason="Parts of the face are washed out by too much light.",
        fix="Turn away from the sun or the flash, or use a photo in softer light.",
    ),
    Measure(
        name="shadow (left cheek above right, L*)",
        value=_uneven,
        fine=20,  # within 10 in even light
        worst=60,
        least=0.7,
        reason="The {side} side of the face is in shadow.",
        fix="Turn towards the light, so that it falls on both sides.",
    ),
    Measure(
        name="before (something before the face, 0 or 1)",
        value=lambda view: float(view.blocked),
        fine=0.5,
        worst=1,
        least=0.6,
        reason="Something is before the face: a phone, a sticker or a filter. What it hides is a guess.",
        fix="Use a photo that shows the whole face.",
    ),
    Measure(
        name="painted (share of hard steps, 0 to 1)",
        value=_hard_steps,
        fine=0.12,  # photos have 0 to .09
        worst=0.4,
        least=0.8,
        reason="This does not look like a photo of a person's face: it has the hard edges of a drawing.",
        fix="A person is drawn from it all the same; use a photo if you have one.",
    ),
    Measure(
        name="colour (CIELAB chroma of the face)",
        value=_colour,
        fine=5,  # faces have 15 and more, in very dark photos 7
        worst=0,
        least=0.9,
        reason="The face has no colour: a black-and-white photo, a statue or a drawing. Colours will be a guess.",
        fix="Use a colour photo of the person.",
    ),
    Measure(
        name="turn (degrees)",
        value=lambda view: view.turn,
        fine=35,
        worst=80,
        least=0.4,
        reason="The head is turned to the {side}, by about {value}°.",
        fix="Use a photo that looks into the camera.",
        refuse=60,
        refusal="The face is seen from the side.",
    ),
    Measure(
        name="stretch (times, to a side or to its length)",
        value=lambda view: view.stretch,
        fine=1.33,
        worst=2.2,
        least=0.5,
        reason="The photo seems to be stretched: the face is too broad or too long.",
        fix="Use the original photo, or give it its own proportions again.",
    ),
    Measure(
        name="tilt (degrees)",
        value=lambda view: view.tilt,
        fine=35,
        worst=180,
        least=1.0,  # it is turned upright before anything is read from it
        reason="The head leans to the {side} by about {value}°, or the photo is not upright.",
        fix="Turn the photo upright, or use one with the head held straight.",
    ),
    Measure(
        name="edge (share of the face outside the photo, 0 to 1)",
        value=lambda view: view.outside,
        fine=0.3,
        worst=0.8,
        least=0.2,
        reason="The face is cut off at the edge of the photo, or just about.",
        fix="Use a photo with the whole head and some room around it.",
        refuse=0.68,
        refusal="Most of the face lies outside the photo.",
    ),
    Measure(
        name="eyes (contrast as a share of the face's)",
        value=lambda view: view.eye_contrast,
        fine=0.37,
        worst=0.1,
        least=0.5,
        reason="The eyes seem to be covered or hard to see.",
        fix="Take off sunglasses, and keep hair and hands away from the eyes.",
    ),
    Measure(
        name="mouth (contrast as a share of the face's)",
        value=lambda view: view.mouth_contrast,
        fine=1.0,
        worst=0.3,
        least=0.4,
        reason="The mouth seems to be covered or hard to see.",
        fix="Take off the mask or scarf, and keep hands away from the face.",
    ),
    Measure(
        name="confidence (of the face detector, 0 to 1)",
        value=lambda view: view.confidence,
        fine=0.62,
        worst=0.5,
        least=0.6,
        reason="It is not certain that this is a face.",
        fix="Use a clear photo of one person who looks into the camera.",
    ),
)
