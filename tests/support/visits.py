"""Requests as the doors hand them on."""

import gradio as gr
from starlette.requests import Request

from pipelines.page.doors.visitors import Visitor


def asked_by(name: str, address: str = "127.0.0.1") -> gr.Request:
    """An event's request in a session of this name, of a visitor with a page of the same name."""
    scope = {"type": "http", "headers": [], "visitor": Visitor(page=name, address=address)}
    return gr.Request(request=Request(scope), session_hash=name)
