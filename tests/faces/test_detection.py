"""Faces are found wherever they are: one or many, too near, lying on their side, or not there at all."""

import cv2
import numpy as np
import pytest

from pipelines.faces.detection import INPUT_SIDES, Detection, Detector, _sensible
from tests.conftest import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


def eye_distance(landmarks: np.ndarray) -> float:
    return float(np.hypot(*(landmarks[1] - landmarks[0])))


def near(found: Detection, landmarks: np.ndarray, share: float) -> bool:
    """Tell whether every landmark is where it should be, within a share of the distance between the eyes."""
    return float(np.abs(found.landmarks - landmarks).max()) < share * eye_distance(landmarks)


def close_up(image: np.ndarray, face: Detection, width: float, height: float) -> tuple[np.ndarray, np.ndarray]:
    """The part around the middle of a face that is so many face widths wide and high, and the landmarks in it."""
    middle = (face.box[:2] + face.box[2:]) / 2
    half = np.array([width, height]) * (face.box[2] - face.box[0]) / 2
    x0, y0 = np.maximum(np.rint(middle - half), 0).astype(int)
    x1, y1 = np.rint(middle + half).astype(int)
    return image[y0:y1, x0:x1], face.landmarks - (x0, y0)


# One face


def test_the_only_face_is_found_with_its_landmarks_inside_its_box(detector: Detector, people: list[Person]) -> None:
    for person in people:
        (face,) = detector(person.selfie)
        assert face.box.shape == (4,) and face.landmarks.shape == (5, 2)
        assert face.box.dtype == face.landmarks.dtype == np.float32
        assert (face.box[:2] < face.landmarks).all() and (face.landmarks < face.box[2:]).all()
        assert 0.65 < face.confidence <= 1


def test_left_is_left_as_the_viewer_sees_it(detector: Detector, astronaut: np.ndarray) -> None:
    (face,) = detector(astronaut)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0] and left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert near(face, np.array([[204, 101], [247, 104], [224, 129], [202, 140], [246, 142]], np.float32), 0.1)


# Several


def test_six_faces_are_numbered_from_the_left(detector: Detector, six_people: np.ndarray) -> None:
    centres = [float(face.box[0] + face.box[2]) / 2 for face in detector(six_people)]
    assert np.allclose(centres, [113, 321, 518, 796, 958, 1178], atol=8)


def test_a_passer_by_far_behind_is_left_out(detector: Detector, people: list[Person]) -> None:
    (face,) = detector(people[0].portrait)
    for share, count in ((0.2, 2), (0.1, 1)):
        photo = people[0].portrait.copy()
        small = cv2.resize(people[1].portrait, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        photo[: len(small), : len(small)] = small
        found = detector(photo)
        assert len(found) == count
        assert near(found[-1], face.landmarks, 0.1)  # the person the photo is about


def test_a_face_is_not_counted_twice_nor_noise_as_one() -> None:
    def box(x0: float, side: float, confidence: float) -> Detection:
        corners = np.array([x0, 0, x0 + side, side], np.float32)
        return Detection(box=corners, landmarks=np.zeros((5, 2), np.float32), confidence=confidence)

    whole, inner, beside = box(0, 40, 0.9), box(2, 20, 0.8), box(30, 40, 0.7)
    assert _sensible([inner, beside, whole]) == [whole, beside]
    assert _sensible([box(0, 7, 0.9)]) == []


# Too near


@pytest.mark.parametrize(("width", "height"), [(0.9, 1.2), (0.6, 0.8), (0.8, 0.8)])
@pytest.mark.parametrize("shot", ["selfie", "portrait"])
def test_a_face_wider_than_the_frame_is_found_the_right_way_up(
    detector: Detector, people: list[Person], shot: str, width: float, height: float
) -> None:
    for person in people[:2]:
        photo = getattr(person, shot)
        (face,) = detector(photo)
        part, landmarks = close_up(photo, face, width, height)
        (found,) = detector(part)
        assert near(found, landmarks, 0.2)


def test_so_it_is_in_a_large_photo(detector: Detector, people: list[Person]) -> None:
    (face,) = detector(people[0].portrait)
    part, landmarks = close_up(people[0].portrait, face, 0.6, 0.8)
    (found,) = detector(cv2.resize(part, None, fx=5, fy=5))
    assert near(found, landmarks * 5, 0.2)


def test_the_plain_look_misses_such_a_face(detector: Detector, people: list[Person]) -> None:
    """The control of the tests above: without the border there would be nothing."""
    (face,) = detector(people[0].portrait)
    part, _ = close_up(people[0].portrait, face, 0.6, 0.8)
    assert detector._detect(np.ascontiguousarray(part[..., ::-1]), INPUT_SIDES[0]) == []


def test_a_face_that_fills_the_frame_is_found_though_a_tiny_one_was_found_first(
    detector: Detector, people: list[Person]
) -> None:
    (face,) = detector(people[0].portrait)
    part, landmarks = close_up(people[0].portrait, face, 0.8, 1.06)
    scale = 1200 / len(part)
    photo = cv2.resize(part, None, fx=scale, fy=scale)
    photo[:200, :200] = cv2.resize(people[1].portrait, (200, 200), interpolation=cv2.INTER_AREA)
    first = detector._detect(np.ascontiguousarray(photo[..., ::-1]), INPUT_SIDES[0])
    assert [one.length < 200 for one in first] == [True]
    (found,) = detector(photo)
    assert near(found, landmarks * scale, 0.2)


# On its side


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_on_its_side_or_upside_down_is_understood(
    detector: Detector, people: list[Person], quarters: int
) -> None:
    for person in people[:2]:
        (upright,) = detector(person.selfie)
        height, width = person.selfie.shape[:2]
        x, y = upright.landmarks.T
        turned = {1: (y, width - 1 - x), 2: (width - 1 - x, height - 1 - y), 3: (height - 1 - y, x)}[quarters]
        (found,) = detector(np.rot90(person.selfie, quarters))
        assert near(found, np.stack(turned, 1), 0.1)  # in the same order: the left eye is the person's, turned upright
        assert (found.box[:2] < found.landmarks).all() and (found.landmarks < found.box[2:]).all()


# Nobody


def nobody(name: str, people: list[Person]) -> np.ndarray:
    if name == "grey":
        return np.full((512, 512, 3), 128, np.uint8)
    if name == "noise":
        return np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    return people[3].angles[2]


@pytest.mark.parametrize("name", ["grey", "noise", "a head from behind"])
def test_where_there_is_nobody_nothing_is_found(detector: Detector, people: list[Person], name: str) -> None:
    assert detector(nobody(name, people)) == []


def test_the_photo_stays_as_it_is(detector: Detector, astronaut: np.ndarray) -> None:
    photo = astronaut.copy()
    detector(photo)
    assert np.array_equal(photo, astronaut)
