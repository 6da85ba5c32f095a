"""Door of the files: a picture or an upload is given to the visitor whose it is, whoever else knows its path."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.page.doors import texts
from pipelines.page.doors.files.uploads import Upload, senders
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.routes import FILE


class FileDoor:
    """Refuses uploads and pictures of others. What else may be read is for Gradio to say.

    `uploads` are those that wait to be read; `anothers(visitor, file)` says whether a file is a picture that was made
    for somebody else than the visitor of this name.
    """

    def __init__(self, app: ASGIApp, uploads: Sequence[Upload], anothers: Callable[[str, Path], bool]):
        self.app, self._uploads, self._anothers = app, uploads, anothers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Refused."""
        if scope["door"].path == FILE and "\0" not in scope["path"]:
            file = Path(os.path.realpath(scope["path"].partition("file=")[2]))
            visitor, sent = scope["visitor"].name, senders(self._uploads, file)
            if (sent and visitor not in sent) or self._anothers(visitor, file):
                raise Refused(403, texts.NOT_YOUR_FILE)
        await self.app(scope, receive, send)
