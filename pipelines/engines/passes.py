"""Passes of an engine: what lies between them, and what becomes of their pictures."""

from typing import Any

import cv2
import numpy as np

from pipelines.engine_spec import SecondPass, import_by_path
from pipelines.errors import PictureLost
from pipelines.language.sentence import Sentence
from pipelines.runtime.log_filter import quiet_libraries

Drawn = np.ndarray | PictureLost
"""Picture, RGB (H, W, 3), or why there is none to be shown."""

WITHHELD = Sentence("The safety checker withheld this picture. Try other words or another seed.")
WERE_WITHHELD = Sentence("the safety checker withheld them")
OVERFLOWED = Sentence("This picture was lost: its numbers became too large. Try other words or another seed.")
WERE_OVERFLOWED = Sentence("their numbers became too large")


def refining_pipeline(pipeline: Any, second: SecondPass) -> Any:
    """Pipeline of a second pass, of the first one's parts."""
    with quiet_libraries():
        result = import_by_path(second.pipeline)(**pipeline.components)
    result.set_progress_bar_config(disable=True)
    return result


def enlarged_picture(picture: np.ndarray, scale: float) -> np.ndarray:
    """Picture, float32 RGB (H, W, 3) 0..1, with sides that many times as long."""
    larger = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LANCZOS4)
    result: np.ndarray = np.clip(larger, 0, 1)
    return result


def shown(picture: np.ndarray, withheld: bool) -> Drawn:
    """Picture, float32 RGB (H, W, 3) 0..1, or why it cannot be shown."""
    if withheld:
        return PictureLost(WITHHELD, WERE_WITHHELD)
    if not np.isfinite(picture).all():  # half precision overflowed; it would be black
        return PictureLost(OVERFLOWED, WERE_OVERFLOWED)
    return picture


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Values 0..1 as uint8."""
    result: np.ndarray = (picture * 255).round().astype(np.uint8)
    return result
