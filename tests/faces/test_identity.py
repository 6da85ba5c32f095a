"""Whose face it is: one embedding per person, the choice among several faces, and several photos of one person."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations

import cv2
import numpy as np
import pytest

from pipelines.errors import PhotoError
from pipelines.faces.identity import MAX_FACES, Face, FaceAnalyser, Identity, Quality, Shot, choose, fuse
from pipelines.faces.photos import identity_by
from pipelines.faces.recognisers import RECOGNISERS
from tests.conftest import Person

RECOGNISER = "w600k_mbf"


@pytest.fixture(scope="module")
def shots(analyser: FaceAnalyser, people: list[Person]) -> list[list[Shot]]:
    """Selfie and portrait of three people."""
    return [[shot(analyser, image) for image in (person.selfie, person.portrait)] for person in people[:3]]


def shot(analyser: FaceAnalyser, image: np.ndarray) -> Shot:
    return Shot(image=image, face=choose(analyser.analyse(image)))


def worth(shot: Shot, score: float) -> Shot:
    """The same photo, as if its quality were another."""
    return replace(shot, face=replace(shot.face, quality=Quality(score=score, findings=())))


# Embeddings


def test_a_face_has_a_unit_embedding_and_its_place(analyser: FaceAnalyser, astronaut: np.ndarray) -> None:
    (face,) = analyser.analyse(astronaut)
    assert face.embedding.shape == (512,) and face.embedding.dtype == np.float32
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
    assert face.box.shape == (4,) and face.landmarks.shape == (5, 2)
    assert np.array_equal(face.embedding, analyser.embed(astronaut, face.landmarks))


def test_two_photos_of_one_person_are_alike_and_two_people_are_not(shots: list[list[Shot]]) -> None:
    for (selfie, portrait), (other, _) in permutations(shots, 2):
        assert float(selfie.face.embedding @ portrait.face.embedding) > 0.5
        assert float(selfie.face.embedding @ other.face.embedding) < RECOGNISERS[RECOGNISER].stranger


def test_the_colours_are_taken_as_red_green_blue(analyser: FaceAnalyser, shots: list[list[Shot]]) -> None:
    selfie, portrait = shots[0]
    swapped = analyser.embed(np.ascontiguousarray(selfie.image[..., ::-1]), selfie.face.landmarks)
    right = float(selfie.face.embedding @ portrait.face.embedding)
    assert float(swapped @ portrait.face.embedding) < right - 0.02


def test_four_threads_get_what_one_gets_bit_for_bit(analyser: FaceAnalyser, people: list[Person]) -> None:
    photos = [person.selfie for person in people[:4]]
    alone = [analyser.analyse(photo)[0].embedding for photo in photos]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda photo: analyser.analyse(photo)[0].embedding, photos * 2))
    assert all(np.array_equal(one, other) for one, other in zip(alone * 2, together, strict=True))


# Which face is meant


def test_face_number_k_is_the_kth_from_the_left(analyser: FaceAnalyser, six_people: np.ndarray) -> None:
    faces = analyser.analyse(six_people)
    assert len(faces) == 6
    for number in range(1, 7):
        assert choose(faces, number) is faces[number - 1]
        assert int(choose(faces, number).landmarks[2, 0] // (1280 / 6)) == number - 1


@pytest.mark.scorecard("R4")
def test_of_a_crowd_the_largest_twenty_are_kept_from_the_left(analyser: FaceAnalyser, astronaut: np.ndarray) -> None:
    head = astronaut[20:220, 130:330]
    crowd = np.zeros((4 * 200, 6 * 200, 3), np.uint8)
    for k in range(24):
        side = 200 if k >= 4 else 130
        top, left = 200 * (k % 4), 200 * (k // 4)
        crowd[top : top + side, left : left + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    faces = analyser.analyse(crowd)
    middles = [float(face.box[0] + face.box[2]) / 2 for face in faces]
    assert len(faces) == MAX_FACES
    assert middles == sorted(middles) and middles[0] > 200  # the four smaller ones stand on the left


def test_the_only_face_needs_no_number(shots: list[list[Shot]]) -> None:
    face = shots[0][0].face
    assert choose([face]) is choose([face], 1) is face


@pytest.mark.scorecard("R4")
def test_no_face_is_a_sentence(analyser: FaceAnalyser, people: list[Person]) -> None:
    with pytest.raises(PhotoError) as refused:
        choose(analyser.analyse(people[3].angles[2]), photo="photo 2")
    assert str(refused.value) == (
        "No face was found in photo 2. Use a clear photo from the front, with the whole head in it."
    )


@pytest.mark.scorecard("R4")
def test_of_several_faces_a_number_is_asked_for(analyser: FaceAnalyser, six_people: np.ndarray) -> None:
    with pytest.raises(PhotoError) as refused:
        choose(analyser.analyse(six_people))
    assert str(refused.value) == ("There are 6 faces in the photo. Choose yours by its number, 1 to 6 from the left.")


@pytest.mark.scorecard("R4")
@pytest.mark.parametrize("number", [-1, 0, 7])
def test_a_number_that_is_not_there_is_a_sentence(analyser: FaceAnalyser, six_people: np.ndarray, number: int) -> None:
    with pytest.raises(PhotoError) as refused:
        choose(analyser.analyse(six_people), number)
    assert str(refused.value) == (
        f"There is no face number {number} in the photo: there are 6 faces. Choose one of them."
    )


@pytest.mark.scorecard("R4")
def test_so_it_is_with_one_face(shots: list[list[Shot]]) -> None:
    with pytest.raises(PhotoError, match=r"^There is no face number 2 in the photo: there is 1 face\. Choose"):
        choose([shots[0][0].face], 2)


def test_a_face_chosen_among_several_is_refused_for_its_own_faults_only(
    analyser: FaceAnalyser, people: list[Person]
) -> None:
    both = analyser.analyse(np.hstack([people[3].angles[0], people[3].angles[1]]))
    assert len(both) == 2
    assert choose(both, 1) is both[0]
    with pytest.raises(PhotoError, match=r"^Photo 3 cannot be used\. The face is seen from the side\."):
        choose(both, 2, photo="photo 3")


# Several photos of one person


def test_one_photo_is_an_identity(shots: list[list[Shot]]) -> None:
    (selfie, _), *_ = shots
    identity = fuse([selfie], RECOGNISER)
    assert np.allclose(identity.embedding, selfie.face.embedding, atol=1e-6)
    assert (identity.weights, identity.strangers, identity.recogniser) == ((1.0,), (), RECOGNISER)
    assert identity.shots == (selfie,) and identity.best is selfie


def test_two_photos_lie_on_either_side_of_the_person(shots: list[list[Shot]]) -> None:
    selfie, portrait = shots[0]
    identity = fuse([worth(selfie, 0.9), worth(portrait, 0.3)], RECOGNISER)
    assert identity.weights == pytest.approx((0.75, 0.25))
    assert np.linalg.norm(identity.embedding) == pytest.approx(1, abs=1e-5)
    expected = 0.75 * selfie.face.embedding + 0.25 * portrait.face.embedding
    assert float(identity.embedding @ expected) == pytest.approx(np.linalg.norm(expected), abs=1e-5)
    assert identity.embedding @ selfie.face.embedding > identity.embedding @ portrait.face.embedding


def test_the_best_photo_is_the_one_of_the_best_quality(shots: list[list[Shot]]) -> None:
    worse, better = worth(shots[0][0], 0.4), worth(shots[0][1], 0.8)
    assert fuse([worse, better], RECOGNISER).best is better
    assert fuse([better, worse], RECOGNISER).best is better


def test_the_order_of_the_photos_does_not_matter(analyser: FaceAnalyser, shots: list[list[Shot]]) -> None:
    (selfie, portrait), (stranger, _), _ = shots
    mirrored = shot(analyser, np.ascontiguousarray(selfie.image[:, ::-1]))
    photos = [worth(selfie, 0.9), worth(portrait, 0.5), worth(mirrored, 0.7), worth(stranger, 1.0)]
    first = fuse(photos, RECOGNISER)
    for order in permutations(range(4)):
        identity = fuse([photos[k] for k in order], RECOGNISER)
        assert np.allclose(identity.embedding, first.embedding, atol=1e-6)
        assert identity.strangers == (order.index(3) + 1,)
        assert identity.weights == pytest.approx([first.weights[k] for k in order])
        assert identity.best is photos[0]


@pytest.mark.scorecard("R4")
def test_a_stranger_is_named_and_not_averaged_in(shots: list[list[Shot]]) -> None:
    (selfie, portrait), (stranger, _), _ = shots
    identity = fuse([selfie, stranger, portrait], RECOGNISER)
    alone = fuse([selfie, portrait], RECOGNISER)
    assert identity.strangers == (2,) and identity.weights[1] == 0
    assert sum(identity.weights) == pytest.approx(1)
    assert np.allclose(identity.embedding, alone.embedding, atol=1e-6)
    assert identity.shots == (selfie, portrait)


def test_of_two_photos_that_disagree_the_first_says_who_it_is(shots: list[list[Shot]]) -> None:
    (one, _), (other, _), _ = shots
    assert fuse([one, other], RECOGNISER).strangers == (2,)
    assert np.allclose(fuse([other, one], RECOGNISER).embedding, other.face.embedding, atol=1e-6)


def test_six_photos_are_one_person(analyser: FaceAnalyser, shots: list[list[Shot]], people: list[Person]) -> None:
    selfie, portrait = shots[0]
    more = [selfie.image[:, ::-1], portrait.image[:, ::-1], np.rot90(selfie.image), people[0].portrait // 2]
    photos = [selfie, portrait, *(shot(analyser, np.ascontiguousarray(image)) for image in more)]
    identity = fuse(photos, RECOGNISER)
    assert len(identity.weights) == len(identity.shots) == 6 and identity.strangers == ()
    assert sum(identity.weights) == pytest.approx(1) and min(identity.weights) > 0
    assert np.linalg.norm(identity.embedding) == pytest.approx(1, abs=1e-5)


def test_no_photo_is_a_sentence() -> None:
    with pytest.raises(PhotoError, match=r"^There is no photo\. Choose 1 to 6 photos of one person\.$"):
        fuse([], RECOGNISER)


def test_faces_and_identities_cannot_be_changed_by_mistake(shots: list[list[Shot]]) -> None:
    face: Face = shots[0][0].face
    identity: Identity = fuse(shots[0], RECOGNISER)
    for thing, name in ((face, "embedding"), (shots[0][0], "face"), (identity, "shots")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)


def test_the_recognisers_own_length_of_an_embedding_is_kept_and_averaged(
    analyser: FaceAnalyser, people: list[Person]
) -> None:
    """Some adapters were trained on embeddings of that length."""
    shots = [
        Shot(image=photo, face=choose(analyser.analyse(photo))) for photo in (people[0].selfie, people[0].portrait)
    ]
    norms = [shot.face.norm for shot in shots]
    assert all(8 < norm < 40 for norm in norms) and norms[0] != norms[1]
    fused = fuse(shots, RECOGNISER)
    assert fused.norm == pytest.approx(np.dot(fused.weights, norms))
    assert np.linalg.norm(fused.embedding) == pytest.approx(1, abs=1e-5)
    again = identity_by(analyser, shots)
    assert again.norm == pytest.approx(fused.norm, rel=1e-5)
