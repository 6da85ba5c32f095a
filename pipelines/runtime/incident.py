"""Incidents: errors that nobody expected, told to the person by a number and to the log by their place."""

import logging
import secrets
import traceback

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence

LOG = logging.getLogger("headshot-studio")
INCIDENT = Sentence(
    "Something went wrong that should not have. Please try again; if it happens again, report incident {incident}."
)


def incident(error: BaseException) -> Sentence:
    """Log where an unexpected error came from, without its message or any value; return a sentence for the person."""
    number = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("incident %s: %s at %s", number, type(error).__name__, where)
    return INCIDENT.format(incident=number)


def sentence_of(error: Exception) -> str:
    """Return what the person is told of an error: its own sentence, or an incident's."""
    return str(error) if isinstance(error, UserError) else incident(error)
