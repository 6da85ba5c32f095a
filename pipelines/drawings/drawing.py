"""Drawings kept after a run, and finished once more with another backdrop, light, crop or other clothes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pipelines.drawings.files import save_picture
from pipelines.drift.traits import HeadTraits
from pipelines.errors import PictureLost
from pipelines.faces.drawn_face import NO_FACE, WITHOUT_FACE
from pipelines.faces.identity import Face, FaceAnalyser, Identity, Shot
from pipelines.faces.likeness import likeness_of
from pipelines.faces.photos import largest_face
from pipelines.finishing.finisher import FINISHED_FIELDS, Finisher, eyes_of
from pipelines.finishing.tones import Tones
from pipelines.language.sentence import Sentence, joined
from pipelines.looks.fields import field_label
from pipelines.looks.preset import load_look, with_fields
from pipelines.looks.prompts import compose
from pipelines.looks.shoot import pose
from pipelines.picture import Picture
from pipelines.provenance.folder import OutputFolder
from pipelines.request import Request
from pipelines.run_plan import RunPlan

DRAWN_FOR_ANOTHER = Sentence(
    "This is the same drawing in another {changed}. Its settings would draw it anew, and a little differently."
)
LOOK, FIELD = Sentence("look"), Sentence("{field!l}")


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnPicture:
    """A picture as the engine drew it."""

    image: np.ndarray  # uint8 RGB (S, S, 3)
    face: Face
    seed: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """A drawn picture with all that finishing it again needs. It holds a face: keep it no longer than the pictures."""

    drawn: DrawnPicture
    plan: RunPlan
    tones: Tones  # of skin and hair in the person's photos
    identity: Identity  # as the judge of likeness sees the person; without photos
    traits: tuple[HeadTraits, ...] = ()  # of the person in each photo

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that finishing can change: the engine need not draw again."""
        return FINISHED_FIELDS[self.plan.spec.draws]


def without_photos(identity: Identity) -> Identity:
    """The same embeddings, which likeness is measured with, without a pixel of the photos."""
    nothing = np.zeros((0, 0, 3), np.uint8)
    return replace(identity, shots=tuple(Shot(image=nothing, face=shot.face) for shot in identity.shots))


def prepare_again(drawing: Drawing, finisher: Finisher) -> None:
    """Make the parts of a drawn head that `finish_again` takes over, while the person still chooses."""
    plan, drawn = drawing.plan, drawing.drawn
    if plan.spec.draws == "head":
        kept = finisher.memory.parts_of(drawn)
        look = plan.look_of(drawn.seed)
        finisher.finish("head", drawn.image, drawn.face, look, drawn.seed, drawing.tones, kept=kept)


def finish_again(
    drawing: Drawing, finisher: Finisher, judge: FaceAnalyser, request: Request, fields: Mapping[str, str | None]
) -> Picture:
    """Finish a drawing in the request's look with these fields, in place of those it was drawn for; save it.

    The seed, and with it the pose, stays. Fields that finishing cannot change are left as they were. Of the request
    count `look`, `out`, `format` and `sizes`. What is the same as the last time is not made again.

    Raises:
        PictureLost: where finishing left no face; nothing is saved.
        UserError: for a look or field that there is not.
    """
    before, spec, seed = drawing.plan, drawing.plan.spec, drawing.drawn.seed
    own = before.look if request.look == before.look.id else load_look(request.look)
    chosen = with_fields(own, **{name: choice for name, choice in fields.items() if name in drawing.fields})
    cut_out = before.cut_out or chosen.backdrop != before.look.backdrop
    plan = replace(before, look=chosen, cut_out=cut_out)
    look = plan.look_of(seed)
    finish = partial(finisher.finish, cut_out=cut_out)
    finished = partial(finish, spec.draws, drawing.drawn.image, drawing.drawn.face, look, seed, drawing.tones)
    image = finished(kept=finisher.memory.parts_of(drawing.drawn))
    face = largest_face(judge.analyse(image))
    if face is None:  # that the drawing shows a person's was seen when it was drawn
        raise PictureLost(NO_FACE, WITHOUT_FACE)
    likeness = finisher.with_drift(likeness_of(face, drawing.identity, judge), image, face, drawing.traits, look)
    with OutputFolder(request.out) as output:
        eyes = eyes_of(spec.draws, look)
        picture = save_picture(image, likeness, plan.recipe(seed), request, output, finished, eyes)
    return replace(picture, warnings=picture.warnings + _differences(before, plan, seed))


def _differences(before: RunPlan, after: RunPlan, seed: int) -> tuple[str, ...]:
    """Sentence for a picture whose recipe would tell the engine something else than this drawing was drawn with."""
    told = [
        compose(plan.look_of(seed), words=plan.words, family=plan.spec.family, smile=pose(plan.look, seed).smile)
        for plan in (before, after)
    ]
    if (told[0].positive, told[0].negative) == (told[1].positive, told[1].negative):
        return ()
    if before.look.id != after.look.id:
        return (DRAWN_FOR_ANOTHER.format(changed=LOOK),)
    was, fields = before.look_of(seed).fields, after.look_of(seed).fields.items()
    changed = [FIELD.format(field=field_label(name)) for name, choice in fields if was[name] != choice]
    return (DRAWN_FOR_ANOTHER.format(changed=joined(", ", changed)),)
