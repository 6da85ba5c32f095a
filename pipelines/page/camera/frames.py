"""Frames of a camera: small pictures that are looked at in memory, and of which nothing is kept."""

import threading
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pipelines.errors import PhotoError
from pipelines.faces.detection import Detection
from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.measurements import FaceMeasurements
from pipelines.faces.quality import assess
from pipelines.images.decode import Refusal, open_photo
from pipelines.language.sentence import joined
from pipelines.page.camera import texts

START = "data:image/jpeg;base64,"
MOST_CHARACTERS = 300_000
"""Length of a frame as it is sent; one of 640 pixels has 40 000 to 120 000."""
MOST_SIDE = 1024
"""Pixels of a frame's longer side."""
PAUSE = 0.2
"""Seconds between two frames of one session that are looked at. Frames that come sooner are left out."""
AT_ONCE = 2
"""Frames of all sessions that are looked at together; further ones are left out, as the next comes soon."""
NEAR, FAR = 0.24, 0.055
"""Distances from eyes to mouth, as shares of the frame's height, beyond which a face is too near and too far."""
NOT_OF_A_FRAME = ("size", "sharpness")
"""Measures of a face that say nothing of the photo: the frame is smaller, and in motion."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Marks on the face in a frame, and a sentence."""

    sentence: str
    marks: Sequence[tuple[float, float]] = ()
    """Landmarks of the largest face, each by its shares of width and height; none without a face."""
    good: bool = False
    """True if the photo can be taken."""


class FrameLimit:
    """Limit on frames that are looked at: so many at once, and a pause between those of a session. Thread-safe."""

    def __init__(self, pause: float = PAUSE, at_once: int = AT_ONCE):
        self._pause, self._free = pause, threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    @contextmanager
    def turn(self, session: str) -> Iterator[bool]:
        """Take a turn for a frame of a session while inside; False if there is none, and the frame is left out."""
        now = time.monotonic()
        with self._lock:
            early = now - self._last.get(session, -self._pause) < self._pause
            if not early:
                self._last[session] = now
                self._last = {name: when for name, when in self._last.items() if now - when < self._pause}
        if early or not self._free.acquire(blocking=False):
            yield False
            return
        try:
            yield True
        finally:
            self._free.release()


def read_frame(sent: str) -> np.ndarray:
    """Decode a frame as the page's script sends it, a data URI: uint8 RGB (H, W, 3). Raises PhotoError."""
    if not sent.startswith(START) or len(sent) > MOST_CHARACTERS:
        raise PhotoError(Refusal.MISSING)
    try:
        content = b64decode(sent.removeprefix(START), validate=True)
    except (NotBase64, ValueError) as error:
        raise PhotoError(Refusal.MISSING) from error
    image = open_photo(content)
    if max(image.shape[:2]) > MOST_SIDE:
        raise PhotoError(Refusal.MISSING)
    return image


def look_at(frame: np.ndarray, analyser: FaceAnalyser) -> Seen:
    """Find the face in a frame, uint8 RGB (H, W, 3), and say what is amiss. No embedding is made of it."""
    faces = analyser.detect(frame)
    if not faces:
        return Seen(sentence=texts.NO_FACE)
    face = max(faces, key=lambda one: one.area)
    marks = [(float(x), float(y)) for x, y in face.landmarks / np.array(frame.shape[1::-1], np.float32)]
    sentence = texts.SEVERAL.format(faces=len(faces)) if len(faces) > 1 else _amiss(frame, face)
    return Seen(sentence=sentence or texts.GOOD, marks=marks, good=not sentence)


def _amiss(frame: np.ndarray, face: Detection) -> str:
    """Sentence on the first thing that is amiss about a face; "" without any."""
    eyes, mouth = face.landmarks[:2].mean(0), face.landmarks[3:].mean(0)
    share = float(np.hypot(*(mouth - eyes))) / frame.shape[0]
    if share > NEAR:
        return texts.TOO_NEAR
    if share < FAR:
        return texts.TOO_FAR
    quality = assess(FaceMeasurements.of(frame, face.landmarks, face.confidence))
    for finding in quality.findings:
        if finding.measure.partition(" ")[0] not in NOT_OF_A_FRAME:
            return joined(" ", (finding.reason, finding.fix))
    return ""
