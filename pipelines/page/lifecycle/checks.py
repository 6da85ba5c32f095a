"""Checks of a start that need neither the page's nor the engine's libraries, so that faults are said at once."""

import os
import socket
import threading
from math import isfinite

from pipelines.errors import UserError
from pipelines.looks.phrases import PHRASES, phrases
from pipelines.looks.preset import load_looks
from pipelines.page.lifecycle import texts
from pipelines.paths import ASSETS, ROOT, rows_of
from pipelines.wardrobe.outfit import check_tables
from pipelines.weights.verify import verify_project_files

PICTURES = ("fonts/inter-latin.woff2", "examples/person-P006.jpg")
"""Files of the folder assets without which there is no page."""
RELAY = ("api.gradio.app", 443)
"""Address that --share asks for a relay; Gradio's own constant cannot be read without importing it."""
RELAY_SECONDS = 1.5


def check_project() -> None:
    """Read every table and hash every weight that comes with the project (0.3 s). Raises UserError, naming the file."""
    load_looks()
    with rows_of(PHRASES):
        phrases()
    check_tables()
    for name in PICTURES:
        if not (ASSETS / name).is_file():
            raise UserError(texts.FILE_MISSING.format(file=f"{ASSETS.relative_to(ROOT)}/{name}"))
    verify_project_files()


def check_relay() -> None:
    """Refuse --share where its relay cannot be reached. Raises UserError within RELAY_SECONDS.

    Behind a proxy nothing is asked: only Gradio's own client goes through it.
    """
    if any(name.upper() in ("HTTPS_PROXY", "ALL_PROXY") for name in os.environ):
        return
    reached = threading.Event()

    def knock() -> None:
        try:
            socket.create_connection(RELAY, RELAY_SECONDS).close()
        except OSError:
            return
        reached.set()

    knocking = threading.Thread(target=knock, daemon=True)  # looking up a name has no time limit of its own
    knocking.start()
    knocking.join(RELAY_SECONDS)
    if not reached.is_set():
        raise UserError(texts.NO_RELAY)


def number_from_environment(name: str, default: float) -> float:
    """A positive number that an environment variable says, or else the default. Raises UserError."""
    text = os.environ.get(name, "").strip()
    try:
        number = float(text or default)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise UserError(texts.BAD_NUMBER.format(variable=name, default=f"{default:g}"))
    return number
