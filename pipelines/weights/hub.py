"""Model hub: its files at a revision, and its refusals as sentences."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from pipelines.errors import UserError
from pipelines.weights import texts

HUB_PATIENCE = 10.0
"""Seconds to wait for an answer."""

_NAME = re.compile(r"(?!.*\.\.)[\w.-]+(/[\w.-]+)*")


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """File of a repo at a revision, as the hub lists it."""

    repo: str
    revision: str
    path: str
    size: int
    digest: str
    """sha256 (64 hex digits), or for small files git's sha1 (40)."""

    @property
    def key(self) -> str:
        """Name in the lock file."""
        return f"{self.repo}@{self.revision}/{self.path}"


def check_hub_answers(title: str, command: str) -> None:
    """Refuse at once where the hub does not answer: its client would try each file for half a minute.

    `command` fetches the weights of the engine with this title.
    """
    from huggingface_hub import constants

    try:
        if constants.is_offline_mode():
            raise ConnectionError("HF_HUB_OFFLINE is set")
        urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=HUB_PATIENCE).close()  # noqa: S310
    except HTTPError:
        return  # a refusal is an answer too
    except OSError as error:
        raise UserError(texts.NO_ANSWER.format(engine=title, command=command)) from error


def newest_revision(repo: str) -> str:
    """Return the commit that "main" is at, for a source without a pin."""
    from huggingface_hub import HfApi, constants

    with as_user_errors(repo):
        return str(HfApi(endpoint=constants.ENDPOINT).model_info(repo, revision="main", timeout=HUB_PATIENCE).sha)


def listing(repo: str, revision: str) -> dict[str, HubFile]:
    """List every file of a repo at a commit, by path."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.hf_api import RepoFile

    files = {}
    with as_user_errors(f"{repo} at revision {revision[:12]}"):
        for entry in HfApi(endpoint=constants.ENDPOINT).list_repo_tree(repo, revision=revision, recursive=True):
            if isinstance(entry, RepoFile) and _NAME.fullmatch(entry.path):
                digest = entry.lfs.sha256 if entry.lfs else entry.blob_id
                if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", digest):
                    raise UserError(texts.NO_HASH.format(file=entry.path, repo=repo))
                files[entry.path] = HubFile(
                    repo=repo, revision=revision, path=entry.path, size=entry.size, digest=digest
                )
    return files


@contextmanager
def as_user_errors(what: str, let_through: type[Exception] | None = None) -> Iterator[None]:
    """Turn errors of the hub's client into a sentence about `what`; those of `let_through` stay as they are."""
    from httpx2 import HTTPError as ClientError
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except UserError:
        raise
    except GatedRepoError as error:
        raise UserError(texts.GATED.format(what=what)) from error
    except RevisionNotFoundError as error:
        raise UserError(texts.NO_REVISION.format(what=what)) from error
    except (RepositoryNotFoundError, EntryNotFoundError) as error:
        raise UserError(texts.GONE.format(what=what)) from error
    except OfflineModeIsEnabled as error:
        raise UserError(texts.OFFLINE.format(what=what)) from error
    except ClientError as error:
        if let_through and isinstance(error, let_through):
            raise
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason: str = texts.SERVER_ERROR.format(status=status) if status else texts.NO_CONNECTION
        raise UserError(texts.NOT_HAD.format(what=what, reason=reason)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(texts.NOT_WRITTEN_BECAUSE.format(what=what, reason=reason)) from error
