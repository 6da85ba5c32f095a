"""Dark, lamp-lit and neon photos are brought to a studio's light, and skin of every tone keeps its own lightness."""

import cv2
import numpy as np
import pytest

from benchmarks.common.relight import NEON, SHADE, TUNGSTEN, relit
from pipelines.faces.identity import FaceAnalyser, Shot, choose
from pipelines.faces.measurements import FaceMeasurements
from pipelines.faces.photos import choose_faces, well_lit
from pipelines.faces.studio_light import in_studio_light, studio_light
from tests.conftest import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shots(analyser: FaceAnalyser, people: list[Person]) -> list[Shot]:
    """The ten selfies, from the darkest skin to the lightest."""
    found = [Shot(image=person.selfie, face=choose(analyser.analyse(person.selfie))) for person in people]
    return sorted(found, key=lambda shot: cheeks(shot.image, shot)[0])


def cheeks(image: np.ndarray, shot: Shot) -> np.ndarray:
    """CIELAB colour (3,) of both cheeks."""
    skin = FaceMeasurements.of(image, shot.face.landmarks, 1.0).skin
    assert skin is not None
    return cv2.cvtColor(skin[None, None].astype(np.float32), cv2.COLOR_RGB2LAB)[0, 0]


def errors(shots: list[Shot], ev: float, lamp: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    """Change of the cheeks' CIELAB colour, (10, 3), after relighting and bringing back."""
    found = []
    for shot in shots:
        image = relit(shot.image, ev, lamp)
        back = in_studio_light(image, studio_light(image, shot.face.landmarks))
        found.append(cheeks(back, shot) - cheeks(shot.image, shot))
    return np.array(found)


def by_group(changes: np.ndarray) -> np.ndarray:
    """Mean change of L* of the three darkest, the four between and the three lightest."""
    return np.array([part.mean() for part in np.split(changes[:, 0], [3, 7])])


def test_photos_in_ordinary_light_stay_as_they_are(
    analyser: FaceAnalyser, people: list[Person], six_people: np.ndarray, astronaut: np.ndarray
) -> None:
    photos = [*(p.selfie for p in people), *(p.portrait for p in people), six_people, astronaut]
    for photo in photos:
        for face in analyser.analyse(photo):
            light = studio_light(photo, face.landmarks)
            assert light.finding is None and in_studio_light(photo, light) is photo


@pytest.mark.parametrize("ev", [-1, -2, -3, -4])
def test_underexposed_skin_of_each_tone_is_as_light_as_it_was(shots: list[Shot], ev: int) -> None:
    assert np.abs(by_group(errors(shots, ev))).max() <= 3
    uncorrected = [cheeks(relit(shot.image, ev), shot)[0] - cheeks(shot.image, shot)[0] for shot in shots]
    assert max(uncorrected) < -10 * abs(ev) ** 0.5  # the control


@pytest.mark.parametrize(("ev", "most"), [(1, 3), (1.5, 3.2)])
def test_overexposed_skin_of_each_tone_is_as_dark_as_it_was(shots: list[Shot], ev: float, most: float) -> None:
    assert np.abs(by_group(errors(shots, ev))).max() <= most
    uncorrected = [cheeks(relit(shot.image, ev), shot)[0] - cheeks(shot.image, shot)[0] for shot in shots]
    assert min(uncorrected) > 12  # the control
    (finding,) = well_lit_findings(shots[0], ev)
    assert finding.startswith("The photo is overexposed.")


def test_a_white_wall_behind_somebody_is_no_overexposure(shots: list[Shot]) -> None:
    for shot in shots[::3]:
        photo = shot.image.copy()
        photo[:, : int(shot.face.box[0]) - 20] = photo[:, int(shot.face.box[2]) + 20 :] = 255
        assert (photo.max(-1) == 255).mean() > 0.2 and studio_light(photo, shot.face.landmarks).finding is None


def well_lit_findings(shot: Shot, ev: float) -> list[str]:
    """Reasons given about the light of a photo that was taken with another exposure."""
    image = relit(shot.image, ev)
    finding = studio_light(image, shot.face.landmarks).finding
    return [] if finding is None else [finding.reason]


@pytest.mark.parametrize(("ev", "lamp"), [(0, TUNGSTEN), (-2, TUNGSTEN), (0, SHADE), (-1, SHADE)])
def test_the_colour_of_a_lamp_is_taken_away(shots: list[Shot], ev: int, lamp: tuple[float, float, float]) -> None:
    changes = errors(shots, ev, lamp)
    assert np.abs(by_group(changes)).max() <= 3
    assert np.hypot(changes[:, 1], changes[:, 2]).mean() < 6
    uncorrected = np.array([cheeks(relit(s.image, ev, lamp), s) - cheeks(s.image, s) for s in shots])
    assert np.linalg.norm(uncorrected, axis=1).mean() > 12  # the control


def test_dark_skin_before_a_dark_backdrop_is_not_made_light(shots: list[Shot]) -> None:
    """A low-key photo of the darkest of the ten, with nothing light in it: the eyes' whites say that it is right."""
    shot = shots[0]
    x0, y0, x1, y1 = shot.face.box.astype(int)
    dark = np.full_like(shot.image, 14)
    dark[y0:y1, x0:x1] = np.minimum(shot.image[y0:y1, x0:x1], 165)
    light = studio_light(dark, shot.face.landmarks)
    assert dark.max() <= 165 and light.finding is None


def test_a_face_in_the_dark_before_a_window_is_lit(shots: list[Shot]) -> None:
    for shot in shots[::3]:
        x0, y0, x1, y1 = np.add(shot.face.box, (-60, -80, 60, 60)).round().astype(int).clip(0)
        backlit = shot.image.copy()
        backlit[y0:y1, x0:x1] = relit(backlit[y0:y1, x0:x1], -3.5)
        light = studio_light(backlit, shot.face.landmarks)
        assert 0.9 < light.ev < 4 and "underexposed" in light.finding.reason  # type: ignore[union-attr]


def test_behind_dark_glasses_no_white_is_looked_for(shots: list[Shot]) -> None:
    shot = shots[5]
    picture = shot.image.copy()
    for x, y in shot.face.landmarks[:2]:
        cv2.circle(picture, (int(x), int(y)), round(float(np.ptp(shot.face.landmarks[:2, 0])) * 0.42), (8, 8, 9), -1)
    assert studio_light(picture, shot.face.landmarks).ev == 0


def test_neon_is_set_back_and_called_coloured(analyser: FaceAnalyser, shots: list[Shot]) -> None:
    for shot in shots[::3]:
        (lit,) = choose_faces([relit(shot.image, 0, NEON)], (), analyser)
        assert lit.face.quality.findings[-1].reason.startswith("The light is strongly coloured.")
        lightness, a, b = cheeks(lit.image, shot)
        assert np.hypot(a, b) < 40 and abs(lightness - cheeks(shot.image, shot)[0]) < 25


def test_the_person_is_told_and_known_by_the_corrected_photo(analyser: FaceAnalyser, shots: list[Shot]) -> None:
    dark = Shot(image=relit(shots[0].image, -2), face=shots[0].face)
    lit = well_lit(dark, analyser)
    assert [finding.reason for finding in lit.face.quality.findings] == [
        "The photo is underexposed. Its light is set to a studio's, as well as that can be done."
    ]
    assert lit.image.mean() > 1.7 * dark.image.mean()
    assert float(lit.face.embedding @ shots[0].face.embedding) > 0.9
