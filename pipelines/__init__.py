"""Headshot Studio: studio portraits of the person in a selfie.

`Studio.load().headshots(Request(photos=["selfie.jpg"]))` is the whole job; `pipelines.studio` is the file to read.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from pipelines.version import __version__

if TYPE_CHECKING:
    from pipelines.errors import Cancelled, PhotoError, UserError
    from pipelines.faces.photo_report import PhotoReport
    from pipelines.picture import Picture
    from pipelines.progress import Progress
    from pipelines.request import Request
    from pipelines.studio import Studio

# Threads of torch that wait in a loop take a busy machine's cores from whoever works: pictures then take five times as
# long. OpenMP reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = [
    "Cancelled",
    "PhotoError",
    "PhotoReport",
    "Picture",
    "Progress",
    "Request",
    "Studio",
    "UserError",
    "__version__",
]

_HOMES = {
    "Cancelled": "errors",
    "PhotoError": "errors",
    "PhotoReport": "faces.photo_report",
    "Picture": "picture",
    "Progress": "progress",
    "Request": "request",
    "Studio": "studio",
    "UserError": "errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"pipelines.{_HOMES[name]}"), name)
