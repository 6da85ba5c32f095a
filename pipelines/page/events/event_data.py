"""Data that the browser sends with an event: a visitor's, so of any shape."""

import gradio as gr


def named(event: gr.EventData, part: str) -> str:
    """Return a part of an event's data as text; "" where there is none."""
    value = event._data.get(part) if isinstance(event._data, dict) else None
    return value if isinstance(value, str) else ""
