"""Errors as people see them: our sentences as they are, anything else as an incident with a number."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from pipelines.errors import UserError
from pipelines.language.speaking import spoken
from pipelines.runtime.incident import incident


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
