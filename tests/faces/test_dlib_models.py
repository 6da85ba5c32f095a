"""dlib's face models, the free ones: they find faces, and know people apart on a scale of their own."""

from concurrent.futures import ThreadPoolExecutor
from importlib import util
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.faces import recognisers
from pipelines.faces.alignment import TEMPLATE
from pipelines.faces.dlib_models import five_landmarks
from pipelines.faces.identity import FaceAnalyser, Shot, fuse
from pipelines.faces.photos import largest_face
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.runtime import verified_files
from pipelines.weights.fetch import fetch
from pipelines.weights.status import face_files
from tests.conftest import Person

ROW = RECOGNISERS["dlib_resnet"]
KLEIN = ENGINES["flux2-klein"]


@pytest.fixture(scope="module")
def free() -> FaceAnalyser:
    return FaceAnalyser("dlib_resnet")


def shot(free: FaceAnalyser, image: np.ndarray) -> Shot:
    face = largest_face(free.analyse(image))
    assert face is not None
    return Shot(image=image, face=face)


@pytest.mark.slow
def test_ten_people_are_as_alike_to_themselves_as_the_table_says(free: FaceAnalyser, people: list[Person]) -> None:
    """Figures of the table: measured here, on photos of 1024 pixels, to .003 of those at full size."""
    pairs = [(shot(free, person.selfie).face, shot(free, person.portrait).face) for person in people]
    same = [float(selfie.embedding @ portrait.embedding) for selfie, portrait in pairs]
    others = [float(a[0].embedding @ b[1].embedding) for a, b in combinations(pairs, 2)]
    assert (min(same), max(same)) == pytest.approx(ROW.typical_range, abs=0.005)
    assert min(same) > ROW.stranger > np.mean(others) + 0.03
    assert all(face.quality.score > 0.8 and face.embedding.shape == (128,) for pair in pairs for face in pair)
    assert all(np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5) for pair in pairs for face in pair)


@pytest.mark.slow
def test_landmarks_lie_near_those_of_the_other_detector(
    free: FaceAnalyser, analyser: FaceAnalyser, people: list[Person]
) -> None:
    for person in people[:4]:
        ours, theirs = shot(free, person.portrait).face, shot(analyser, person.portrait).face
        eyes = np.linalg.norm(theirs.landmarks[1] - theirs.landmarks[0])
        assert np.linalg.norm(ours.landmarks - theirs.landmarks, axis=1).max() < 0.2 * eyes


@pytest.mark.slow
def test_faces_are_counted_from_the_left_and_a_stranger_is_left_out(
    free: FaceAnalyser, six_people: np.ndarray, people: list[Person]
) -> None:
    found = free.analyse(six_people)
    assert len(found) == 6 and [face.box[0] for face in found] == sorted(face.box[0] for face in found)
    shots = [shot(free, photo) for photo in (people[0].selfie, people[3].selfie, people[0].portrait)]
    assert fuse(shots, free.recogniser).strangers == (2,)


@pytest.mark.slow
def test_four_threads_get_what_one_gets(free: FaceAnalyser, people: list[Person]) -> None:
    photos = [person.selfie for person in people[:4]]
    alone = [free.analyse(photo)[0].embedding for photo in photos]
    with ThreadPoolExecutor(4) as threads:
        together = [faces[0].embedding for faces in threads.map(free.analyse, photos)]
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_nose_and_mouth_of_a_level_face_lie_where_the_mean_face_has_them() -> None:
    eyes = TEMPLATE[:2] * [1, 0] + [0, 51.6]
    width = eyes[1, 0] - eyes[0, 0]
    base = np.array([eyes[:, 0].mean(), 51.6 + 0.7734 * width])
    landmarks = five_landmarks(eyes[0], eyes[1], base)
    assert np.abs(landmarks - TEMPLATE).max() < 1.5
    turned = five_landmarks(eyes[0], eyes[1], base + np.array([8, 0]))
    assert np.allclose(turned[2] - landmarks[2], [12, 0], atol=0.01) and np.allclose(turned[3:], landmarks[3:])


def test_without_dlib_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> Any:
        return None if name == "dlib" else util.find_spec(name)

    monkeypatch.setattr(recognisers, "find_spec", find_spec)
    sentence = r"dlib, which is not installed here\. Install it with: pip install dlib-bin==20\.0\.1\.post1$"
    with pytest.raises(UserError, match=sentence):
        FaceAnalyser("dlib_resnet")
    with pytest.raises(UserError, match=sentence):
        fetch(KLEIN)  # before anything is downloaded


def test_without_its_files_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified_files, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install face-recognition-models==0\.3\.0$"):
        fetch(KLEIN)


def test_a_run_for_work_reads_no_weight_of_insightface() -> None:
    licences = {row.name: row.origin.licence for row in face_files(KLEIN)}
    assert set(licences.values()) == {"CC0-1.0"} and len(licences) == 2
