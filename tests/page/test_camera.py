"""Frames of the camera: the face is marked, what is amiss is said, and nobody sends more than a few a second."""

import io
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import PhotoError
from pipelines.faces.identity import FaceAnalyser
from pipelines.images.decode import open_photo
from pipelines.page.camera import texts
from pipelines.page.camera.frames import MOST_CHARACTERS, START, FrameLimit, look_at, read_frame
from pipelines.page.events.camera import CameraEvents
from pipelines.paths import ASSETS
from tests.support.visits import asked_by

SELFIE = open_photo((ASSETS / "examples" / "person-P006.jpg").read_bytes())


def frame(share: float = 0.42, people: int = 1) -> np.ndarray:
    """A frame of 640 x 480 with a selfie in it, its longer side so many widths of the frame."""
    made = Image.new("RGB", (640, 480), (128, 128, 128))
    person = Image.fromarray(SELFIE)
    person.thumbnail((round(640 * share), 4000))
    for k in range(people):
        left = round(640 * (k + 1) / (people + 1)) - person.width // 2
        made.paste(person, (left, max(0, (480 - person.height) // 2) if person.height < 480 else -40))
    return np.asarray(made)


def sent(image: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=80)
    return START + b64encode(stream.getvalue()).decode()


def test_the_five_landmarks_are_marked_where_they_are(analyser: FaceAnalyser) -> None:
    seen = look_at(frame(), analyser)
    assert seen.good and seen.sentence == texts.GOOD
    (face,) = analyser.analyse(frame())
    assert np.allclose(np.array(seen.marks) * (640, 480), face.landmarks, atol=0.5)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.full((480, 640, 3), 128, np.uint8), texts.NO_FACE),
        (frame(1.3), texts.TOO_NEAR),
        (frame(0.14), texts.TOO_FAR),
        (frame(0.4, people=2), texts.SEVERAL.format(faces=2)),
    ],
)
def test_what_is_amiss_is_said(analyser: FaceAnalyser, image: np.ndarray, sentence: str) -> None:
    seen = look_at(image, analyser)
    assert (seen.sentence, seen.good) == (sentence, False)


def test_a_dark_face_is_said_to_be_dark(analyser: FaceAnalyser) -> None:
    dark = (frame().astype(np.float32) * 0.22).astype(np.uint8)
    seen = look_at(dark, analyser)
    assert not seen.good and "dark" in seen.sentence and len(seen.marks) == 5


def test_what_is_no_frame_is_refused() -> None:
    assert read_frame(sent(frame())).shape == (480, 640, 3)
    large = np.zeros((1200, 1200, 3), np.uint8)
    for wrong in ("", "data:image/png;base64,AAAA", START + "!", START + "AAAA", START + "A" * MOST_CHARACTERS):
        with pytest.raises(PhotoError):
            read_frame(wrong)
    with pytest.raises(PhotoError):
        read_frame(sent(large))


def test_a_session_has_a_few_turns_a_second_and_all_together_a_few_at_once() -> None:
    limit = FrameLimit(pause=3600, at_once=2)
    with limit.turn("ann") as first, limit.turn("ann") as again, limit.turn("bob") as other:
        assert (first, again, other) == (True, False, True)
        with limit.turn("eve") as third:
            assert not third
    with limit.turn("dan") as later:
        assert later


@pytest.fixture
def events(analyser: FaceAnalyser) -> CameraEvents:
    section: Any = SimpleNamespace(seen="seen")
    studio: Any = SimpleNamespace(likeness_analyser=analyser)
    return CameraEvents(studio, section)


def told(events: CameraEvents, session: str, consent: bool, image: str) -> Any:
    data = gr.EventData(None, {"image": image, "number": "7"})
    return events.look(asked_by(session), data, consent)[events.section.seen]


def test_no_frame_is_looked_at_before_the_person_agrees(events: CameraEvents) -> None:
    answer = told(events, "ann", True, sent(frame()))
    assert 'data-number="7"' in answer and answer.count(",") >= 5
    for session, consent, image in (
        ("bob", False, sent(frame())),
        ("eve", True, "no frame"),
        ("ann", True, sent(frame())),  # too soon
    ):
        assert "data-number" not in str(told(events, session, consent, image))
