"""Event of the open camera: marks on the face, and a sentence on what is amiss. Nothing of a frame is kept."""

from typing import Any

import gradio as gr

from pipelines.errors import PhotoError
from pipelines.page import markup
from pipelines.page.camera.frames import FrameLimit, look_at, read_frame
from pipelines.page.error_messages import sentences_only
from pipelines.page.events.event_data import named
from pipelines.page.layout import PhotosSection
from pipelines.page.sessions import session_of
from pipelines.studio import Studio


class CameraEvents:
    """Events of the camera's dialog."""

    def __init__(self, studio: Studio, section: PhotosSection):
        self.studio, self.section = studio, section
        self._limit = FrameLimit()

    def look(self, request: gr.Request, event: gr.EventData, consent: bool) -> dict[Any, Any]:
        """Look at a frame, once the person has said that they may; say nothing to one that comes too soon."""
        with sentences_only(), self._limit.turn(session_of(request)) as turn:
            if not turn or consent is not True:
                return {self.section.seen: gr.skip()}
            try:
                seen = look_at(read_frame(named(event, "image")), self.studio.likeness_analyser)
            except PhotoError:
                return {self.section.seen: gr.skip()}
            return {self.section.seen: markup.frame_seen(seen, named(event, "number")[:12])}
