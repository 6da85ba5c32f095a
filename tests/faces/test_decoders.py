"""Two photos at most are opened at the same time, whoever's they are: the largest takes some 270 MB."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest

from pipelines.faces import photos


def most_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """Open eight photos in eight threads; return how many were open at once."""
    inside, most, lock = 0, 0, threading.Lock()

    def slow(_: object) -> np.ndarray:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.05)
        with lock:
            inside -= 1
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(photos, "open_photo", slow)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(photos.open_one, [b""] * 8))
    return most


def test_two_photos_are_opened_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert most_at_once(monkeypatch) == 2


def test_without_the_limit_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "_DECODERS", nullcontext())
    assert most_at_once(monkeypatch) > 2
