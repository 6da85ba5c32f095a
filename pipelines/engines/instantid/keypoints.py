"""Key points: a face's five landmarks, set where a picture wants the head, and drawn for InstantID's ControlNet.

Wang et al. 2024, InstantID (https://arxiv.org/abs/2401.07519).
"""

import cv2
import numpy as np

from pipelines.looks.shoot import HeadPlace

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255))
"""RGB of left eye, right eye, nose, left and right mouth corner."""
NOSE = 2
LIMB_WIDTH = 4
"""Semi-axis across the ellipses from the nose to the other points, pixels, whatever the picture's size."""
LIMB_LIGHT = 0.6
"""Brightness of the ellipses; the points have all of it."""
RADIUS = 10
"""Half the width of a point, pixels."""
NOSE_DEPTH = 0.5
"""Distance of the nose's tip before the plane of eyes and mouth, in eye distances."""
MOST_TURN = 60.0
"""Degrees; landmarks of a head that is turned further say too little of its other side."""
MIDDLE = (0.5, 0.43, 0.65)
"""Place of the head where nobody asks for one, as shares of the picture: eyes, x and y, and FFHQ's square."""


def middle_place(size: tuple[int, int]) -> HeadPlace:
    """Place of a head in the middle of a picture (width, height), with its shoulders."""
    width, height = size
    x, y, side = MIDDLE
    return HeadPlace(eyes=(x * width, y * height), side=side * min(size))


def place_landmarks(landmarks: np.ndarray, place: HeadPlace) -> np.ndarray:
    """Set a face's landmarks (5, 2), pixels of a photo, where the head is to be: (5, 2) float64, pixels of the picture.

    The face keeps its proportions; size, place, tilt and turn are those asked for. Eyes and mouth lie in one plane, the
    nose before it, as in `pipelines.faces.measurements`.
    """
    points = landmarks.astype(float)
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    down = mouth - eyes
    height = max(float(np.hypot(*down)), 1e-3)
    down = down / height
    upright = (points - eyes) @ np.array([[down[1], down[0]], [-down[0], down[1]]])

    # The turn of the photo's head is taken back, and the one that is asked for put in its place.
    across = (upright[1, 0] - upright[0, 0] + upright[4, 0] - upright[3, 0]) / 2
    before = float(np.arctan2(upright[NOSE, 0], NOSE_DEPTH * max(across, 1e-3)))
    before = float(np.clip(before, -np.deg2rad(MOST_TURN), np.deg2rad(MOST_TURN)))
    frontal = across / np.cos(before)
    after = np.deg2rad(place.turn)
    plane = [0, 1, 3, 4]
    upright[plane, 0] *= np.cos(after) / np.cos(before)
    upright[NOSE, 0] = NOSE_DEPTH * frontal * np.sin(after)

    # FFHQ's square is four eye distances or 3.6 distances from eyes to mouth, whichever is more; seen from the front.
    unturned = upright[1, 0] - upright[0, 0]
    side = 2 * max(2 * unturned / np.cos(after), 1.8 * height)
    upright *= place.side / side
    lean = np.deg2rad(place.tilt)
    leaning = upright @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    result: np.ndarray = leaning + np.array(place.eyes)
    return result


def draw_key_points(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Draw landmarks (5, 2), pixels, on black as InstantID does: uint8 RGB (H, W, 3) for a size (width, height).

    From the nose to each other point runs a filled ellipse in that point's colour, dimmed; on every point lies a disc.
    """
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for k in (0, 1, 3, 4):
        along, middle = landmarks[k] - landmarks[NOSE], (landmarks[k] + landmarks[NOSE]) / 2
        angle = int(np.degrees(np.arctan2(along[1], along[0])))
        axes = (int(np.hypot(*along) / 2), LIMB_WIDTH)
        outline = cv2.ellipse2Poly((int(middle[0]), int(middle[1])), axes, angle, 0, 360, 1)
        cv2.fillConvexPoly(picture, np.array(outline), COLOURS[k])
    picture = (picture * LIMB_LIGHT).astype(np.uint8)
    for point, colour in zip(landmarks, COLOURS, strict=True):
        cv2.circle(picture, (int(point[0]), int(point[1])), RADIUS, colour, -1)
    return picture
