"""Memory of finishing: what a drawing that is finished again can take over from the last time, pixel for pixel."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

MOST = 2
"""Drawings whose parts are kept, of all visits together: each takes 80 MB. Of others the parts are made again."""


class Parts:
    """Parts of one drawing, each by its name: the last that was made, and what it was made of. Thread-safe."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[object, Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, key: object, make: Callable[[], Any]) -> Any:
        """Give the part of this name if it was made of the same `key`; else make it, read-only, and keep it.

        Whoever wants a part that another thread is making waits for that one.
        """
        with self._lock:
            known = self._parts.get(name)
            if known is None or known[0] != key:
                known = (key, _locked(make()))
                self._parts[name] = known
            return known[1]


class Memory:
    """Parts of the drawings that were finished again last. They go as soon as their drawing does. Thread-safe."""

    def __init__(self, most: int = MOST):
        self._most, self._lock = most, threading.RLock()  # a drawing may go while the lock is held
        self._kept: list[tuple[weakref.ref[Any], Parts]] = []  # the latest first

    def parts_of(self, drawn: object) -> Parts:
        """Parts of a drawn picture."""
        with self._lock:
            found = next((parts for ref, parts in self._kept if ref() is drawn), None) or Parts()
            others = [(ref, parts) for ref, parts in self._kept if ref() not in (None, drawn)]
            self._kept = [(weakref.ref(drawn, self._forget), found), *others][: self._most]
            return found

    def _forget(self, gone: weakref.ref[Any]) -> None:
        with self._lock:
            self._kept = [(ref, parts) for ref, parts in self._kept if ref is not gone]

    def __len__(self) -> int:
        """Count the drawings whose parts are kept."""
        return len(self._kept)


def _locked(part: Any) -> Any:
    """The same part; nobody can change its arrays in place from now on."""
    if isinstance(part, np.ndarray):
        part.flags.writeable = False
    elif isinstance(part, tuple | list):
        for inner in part:
            _locked(inner)
    elif hasattr(part, "__dataclass_fields__"):
        for name in part.__dataclass_fields__:
            _locked(getattr(part, name))
    return part
