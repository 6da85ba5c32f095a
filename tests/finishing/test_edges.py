"""Edges of a drawn head: hair over drawn clothes, thin hair along a jaw, and the jaw's dark outline."""

import numpy as np
import pytest

from pipelines.finishing.edges import (
    carry_over_clothes,
    drop_crumbs,
    drop_scraps,
    drop_thin,
    join_locks,
    round_jaw,
    smooth_jaw,
    trim_outline,
)
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.head_parser import HeadParts

SIDE = 400
HEAD = HeadMeasures(eyes=(200, 150), chin=(200, 300), skull=300, top=20, width=160, roll=0.0, neck=80.0)


def empty() -> np.ndarray:
    return np.zeros((SIDE, SIDE), np.float32)


def parts(**given: np.ndarray) -> HeadParts:
    planes = {name: given.get(name, empty()) for name in ("hair", "face", "neck", "clothes")}
    return HeadParts(**planes, backdrop=1 - np.sum(list(planes.values()), 0))


@pytest.mark.parametrize(
    ("sides", "beneath"), [("both", "clothes"), ("both", "backdrop"), ("one", "clothes")], ids="-".join
)
def test_long_hair_goes_on_where_drawn_clothes_cut_it_and_nowhere_else(sides: str, beneath: str) -> None:
    hair, clothes = empty(), empty()
    hair[60:340, 40:110] = 1
    if sides == "both":
        hair[60:340, 290:360] = 1
    if beneath == "clothes":
        clothes[340:, :] = 1
    colour = np.where(hair[..., None] > 0, 0.2, 0.8) * np.ones(3, np.float32)
    colour = colour.astype(np.float32)
    before = hair.copy()
    carried = carry_over_clothes(colour, hair, parts(hair=hair, clothes=clothes), HEAD)
    if (sides, beneath) != ("both", "clothes"):
        assert np.array_equal(hair, before) and carried is colour
        return
    assert hair[340:, 50:100].min() > 0.95 and hair[340:, 300:350].min() > 0.95
    assert carried[340:, 50:100].max() < 0.25  # nothing of the clothes
    assert hair[:, 150:250].max() == 0
    assert np.array_equal(hair[:280], before[:280]) and np.array_equal(carried[:280], colour[:280])


def test_hair_along_a_jaw_goes_where_it_is_thin_and_stays_where_it_is_a_lock() -> None:
    hair = empty()
    hair[60:330, 90:96] = 1
    hair[60:330, 280:340] = 1
    drop_thin(hair, HEAD)
    assert hair[270:, 90:96].max() < 0.1 and hair[60:200, 90:96].min() == 1
    assert hair[270:325, 290:330].min() > 0.9


@pytest.mark.parametrize(("line", "goes"), [(0.2, True), (0.55, False)])
def test_a_jaws_dark_outline_goes_and_its_skin_stays(line: float, goes: bool) -> None:
    face, colour = empty(), np.full((SIDE, SIDE, 3), 0.6, np.float32)
    face[60:300, 130:270] = 1
    colour[:, 130:133] = line
    trim_outline(face, empty(), colour, HEAD)
    assert (face[250:290, 130:133].mean() < 0.5) == goes
    assert (face[215:245, 130:133].mean() < 0.5) == goes  # below the lobe, too
    assert face[250:290, 145:255].min() == 1 and face[60:190].max() == 1 and face[60:190, 130:270].min() == 1


@pytest.mark.parametrize("beside", ["nothing", "hair"])
def test_remains_of_a_neck_beside_the_jaw_go_but_where_hair_is(beside: str) -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    face = (((rows - 180) / 120) ** 2 + ((columns - 200) / 80) ** 2 < 1).astype(np.float32)
    clean, hair = face.copy(), empty()
    face[262:276, 118:150] = 1  # a flap at the jaw's corner
    if beside == "hair":
        hair[150:300, 90:118] = 1
    smooth_jaw(face, hair, HEAD)
    left = face[264:274, 119:124].mean()
    assert left > 0.8 if beside == "hair" else left < 0.1
    inside = (rows < 285) & (((rows - 180) / 112) ** 2 + ((columns - 200) / 73) ** 2 < 1)
    assert face[inside].min() > 0.9 and np.array_equal(face[:220], clean[:220])


@pytest.mark.parametrize("hangs", [False, True])
def test_crumbs_of_skin_go_and_an_ear_that_hangs_on_hair_stays(hangs: bool) -> None:
    face, hair = empty(), empty()
    face[100:300, 130:270] = 1
    face[200:212, 300:312] = 1
    if hangs:
        hair[80:202, 300:330] = 1
    drop_crumbs(face, hair, HEAD)
    assert face[202:210, 302:310].min() == 1 if hangs else face[196:216, 296:316].max() == 0
    assert face[100:300, 130:270].min() == 1


def test_hair_that_one_shoulder_cuts_goes_on_beside_hair_that_reaches_the_edge() -> None:
    hair, clothes = empty(), empty()
    hair[60:, 40:110] = hair[60:330, 290:360] = 1
    clothes[330:, 200:] = 1
    colour = np.where(hair[..., None] > 0, 0.2, 0.8) * np.ones(3)
    carried = carry_over_clothes(colour.astype(np.float32), hair, parts(hair=hair, clothes=clothes), HEAD)
    assert hair[340:, 300:350].min() > 0.95 and carried[340:, 300:350].max() < 0.25


@pytest.mark.parametrize("other", ["long", "short"])
def test_a_small_piece_of_hair_stays_where_the_other_side_is_long(other: str) -> None:
    hair = empty()
    hair[60 : 320 if other == "long" else 200, 40:110] = 1
    hair[262:285, 290:312] = 1
    hair[262:268, 330:340] = 0.2  # hangs on nothing, and is seen
    drop_scraps(hair, HEAD)
    assert hair[265:280, 294:308].mean() > 0.9 if other == "long" else hair[270:, 285:320].max() < 0.1
    assert hair[:, 328:342].max() < 0.05


def test_a_jaw_has_neither_notches_nor_burrs_and_no_step_where_the_work_on_it_begins() -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    face = (((rows - 180) / 120) ** 2 + ((columns - 200) / 80) ** 2 < 1).astype(np.float32)
    clean, hair = face.copy(), empty()
    face[238:241, 118:126] = 0  # notch
    face[252:256, 128:140] = 1  # burr
    smooth_jaw(face, hair, HEAD)
    round_jaw(face, hair, HEAD)
    left = np.argmax(face > 0.5, 1)[225:270].astype(float)
    rough = np.abs(np.diff(left, 2)).max()
    assert rough <= 2
    assert np.abs(np.argmax(face > 0.5, 1) - np.argmax(clean > 0.5, 1))[190:270].max() <= 3


@pytest.mark.parametrize("behind", [0.1, 0.5])
def test_a_lock_hangs_on_the_hair_above_where_what_is_between_is_as_dark(behind: float) -> None:
    hair, face = empty(), empty()
    hair[60:235, 290:350] = hair[260:300, 290:330] = 1
    face[100:300, 130:270] = 1
    colour = np.where(hair[..., None] > 0, 0.1, behind) * np.ones(3)
    before = hair.copy()
    join_locks(hair, face, colour.astype(np.float32), HEAD)
    gap = hair[242:254, 300:320]
    assert gap.min() > 0.8 if behind < 0.2 else np.array_equal(hair, before)
    assert hair.max() <= 1 and hair[:, 130:270].max() == 0
