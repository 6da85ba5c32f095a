"""Errors whose message is a sentence for the person: what happened, and what to do. Anything else raised is a bug."""

from pipelines.language.sentence import Sentence

CANCELLED = Sentence("Cancelled. Nothing was kept; press Generate to start again.")
SKIPPED = Sentence("Skipped. Press Generate to start again.")


class UserError(Exception):
    """The message, a sentence, is shown in the page, the API and on the command line."""


class PhotoError(UserError):
    """A photo cannot be used; the message names the reason and a next step."""


class PictureLost(UserError):
    """A drawn picture cannot be shown; the run draws another with the next seed.

    `reason` completes "Some pictures were left out: ...", as in "they showed no face".
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Cancelled(UserError):
    """The person stopped the run."""

    def __init__(self) -> None:
        super().__init__(CANCELLED)


class Skipped(UserError):
    """The person skipped the picture that was being drawn; the run goes on with the next."""

    def __init__(self) -> None:
        super().__init__(SKIPPED)
