"""Errors as people see them: our sentences as they are, anything else as an incident with a number."""

import logging
import secrets
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from pipelines.errors import UserError
from pipelines.language.speaking import spoken
from pipelines.page import texts

LOG = logging.getLogger("headshot-studio")


@contextmanager
def sentences_only() -> Iterator[None]:
    """Let nothing but sentences reach the person, and nothing about them reach the log."""
    try:
        yield
    except UserError as error:
        raise gr.Error(escape(spoken(error), quote=False), print_exception=False) from None
    except gr.Error:
        raise
    except Exception as error:
        raise gr.Error(spoken(incident(error)), print_exception=False) from error


def incident(error: BaseException) -> str:
    """Log where an unexpected error came from, without its message or any value; return a sentence for the person."""
    number = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("incident %s: %s at %s", number, type(error).__name__, where)
    return texts.INCIDENT.format(incident=number)
