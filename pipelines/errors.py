"""Errors whose message is a sentence for the person: what happened, and what to do. Anything else raised is a bug."""


class UserError(Exception):
    """The message is shown as it is, in the page, the API and on the command line."""


class PhotoError(UserError):
    """A photo cannot be used; the message names the reason and a next step."""


class Cancelled(UserError):
    """The person stopped the run."""

    def __init__(self) -> None:
        super().__init__("Cancelled. Nothing was kept; press Generate to start again.")
