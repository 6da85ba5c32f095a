"""Upload of a Space's folder. The hub says file by file how it wants each stored, and its client does so.

It takes no file above 10 MiB into git; those go to its large-file storage, so weights stay in one piece.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.deploy import texts
from pipelines.deploy.space import Hardware
from pipelines.errors import UserError
from pipelines.version import __version__

PLAIN_LIMIT = 10 * 2**20
"""Bytes of the largest file that the hub takes into git: https://huggingface.co/docs/hub/xet"""
OURS = "pipelines/studio.py"
"""File by which a Space is known to be one of this project's."""
ENGINE = "HEADSHOT_ENGINE"
MADE_BY_THE_HUB = {".gitattributes", "README.md"}


def address(name: str) -> str:
    """Address of a Space's page."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/spaces/{name}"


def send(folder: Path, name: str, hardware: Hardware, engine: str, *, private: bool | None = None) -> None:
    """Make the Space if it is not there, and make its files the folder's. Raises UserError.

    Args:
        folder: as `pipelines.deploy.folder.build` makes it.
        name: "owner/name".
        hardware: that it runs on.
        engine: that it loads at its start; "" for the built-in one.
        private: whether a new Space is private; None for the owner's usual.
    """
    from huggingface_hub import HfApi, SpaceHardware, constants

    api = HfApi(endpoint=constants.ENDPOINT)
    variables = [{"key": ENGINE, "value": engine}] if engine else []
    with _as_user_errors(name, hardware):
        if there := api.repo_exists(name, repo_type="space"):
            held = set(api.list_repo_files(name, repo_type="space"))
            if OURS not in held and held - MADE_BY_THE_HUB:
                raise UserError(texts.OTHER_SPACE.format(name=name))
        else:
            api.create_repo(
                name,
                repo_type="space",
                space_sdk="gradio",
                space_hardware=SpaceHardware(hardware.hub),
                space_variables=variables or None,
                private=private,
            )
        api.upload_folder(
            repo_id=name,
            folder_path=folder,
            repo_type="space",
            commit_message=f"Headshot Studio {__version__}",
            delete_patterns="*",
        )
        if there:
            api.request_space_hardware(name, SpaceHardware(hardware.hub))
            for variable in variables:
                api.add_space_variable(name, variable["key"], variable["value"])


@contextmanager
def _as_user_errors(name: str, hardware: Hardware) -> Iterator[None]:
    """Turn errors of the hub's client into sentences; its messages are dropped, as they may name what was sent."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import LocalTokenNotFoundError

    try:
        yield
    except LocalTokenNotFoundError:
        raise UserError(texts.NO_TOKEN) from None
    except (HTTPError, RuntimeError, ValueError) as error:  # errors of large files are the last two
        raise UserError(_sentence(error, name, hardware)) from None
    except OSError:
        raise UserError(texts.HUB_SILENT) from None


def _sentence(error: BaseException, name: str, hardware: Hardware) -> str:
    from httpx2 import HTTPError

    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    answers = [answer for cause in causes if (answer := getattr(cause, "response", None)) is not None]
    status = answers[0].status_code if answers else None
    if status is None and any(isinstance(cause, HTTPError) for cause in causes):
        return texts.HUB_SILENT
    if status is None:
        return texts.HUB_FAILED.format(kind=type(causes[-1]).__name__)
    if status == 401:
        return texts.NO_TOKEN
    if status in (403, 404):
        return texts.MAY_NOT.format(name=name)
    if status == 402:
        return texts.NEEDS_PLAN.format(name=name, hardware=hardware.hub)
    return texts.HUB_REFUSED.format(status=status)
