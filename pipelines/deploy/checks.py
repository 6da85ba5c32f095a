"""Checks of a Space's folder before it is sent: nothing secret, strange or missing, every licence known."""

import re
from collections.abc import Iterator
from pathlib import Path

from huggingface_hub import get_token, metadata_load
from packaging.requirements import Requirement

from pipelines.deploy import texts
from pipelines.deploy.folder import README, REQUIREMENTS, files
from pipelines.deploy.space import CONTENTS
from pipelines.errors import UserError
from pipelines.runtime.verified_files import is_verified
from pipelines.weight_table import PROJECT_FILES

SECRETS = {
    "hub": rb"\bhf_[A-Za-z0-9]{30,}",
    "github": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})",
    "amazon": rb"\bAKIA[0-9A-Z]{16}\b",
    "private": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}",
}
"""Forms of secrets, by the names in texts.KINDS."""
WEIGHTS = (".safetensors", ".onnx", ".plate")


def check(folder: Path) -> None:
    """Raise UserError with everything that is wrong with a Space's folder."""
    if findings := list(dict.fromkeys([*_secrets(folder), *_files(folder), *_weights(folder), *_versions(folder)])):
        raise UserError(texts.NOT_SENT.format(findings="\n".join(f"- {finding}" for finding in findings)))


def _secrets(folder: Path) -> Iterator[str]:
    token = (get_token() or "").encode()
    for name, path in files(folder).items():
        content = b"" if name.endswith(WEIGHTS) else path.read_bytes()  # weights are the table's to the last bit
        if token and token in content:
            yield texts.TOKEN_IN_FILE.format(file=name)
        for kind, form in SECRETS.items():
            if re.search(form, content):
                yield texts.SECRET.format(file=name, kind=texts.KINDS[kind])


def _files(folder: Path) -> Iterator[str]:
    wanted = {*CONTENTS.files(), README, REQUIREMENTS}
    there = set(files(folder))
    yield from (texts.STRANGER.format(file=name) for name in sorted(there - wanted))
    yield from (texts.FILE_ABSENT.format(file=name) for name in sorted(wanted - there))


def _weights(folder: Path) -> Iterator[str]:
    rows = {f"models/{row.origin.name}/{row.path}": row for row in PROJECT_FILES}
    there = {name: path for name, path in files(folder).items() if name.endswith(WEIGHTS)}
    for name, path in there.items():
        if name not in rows:
            yield texts.WEIGHT_OF_UNKNOWN_LICENCE.format(file=name)
        elif not is_verified(rows[name], path):
            yield texts.WEIGHT_DAMAGED.format(file=name)
    yield from (texts.FILE_ABSENT.format(file=name) for name in rows if name not in there)


def _versions(folder: Path) -> Iterator[str]:
    if not ((folder / README).is_file() and (folder / REQUIREMENTS).is_file()):
        return
    front = str((metadata_load(folder / README) or {}).get("sdk_version"))
    found = (folder / REQUIREMENTS).read_text("utf-8").splitlines()
    pinned = [str(Requirement(line).specifier) for line in found if line.startswith("gradio==")]
    if pinned != [f"=={front}"]:
        yield texts.WRONG_GRADIO.format(front=front, pinned="".join(pinned).removeprefix("=="))
