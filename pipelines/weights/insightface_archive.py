"""InsightFace's archives: only the recogniser is kept of one, and only if it is the file of the weight table."""

import hashlib
import zipfile
import zlib
from pathlib import Path

from pipelines.errors import UserError
from pipelines.runtime.verified_files import is_verified, locate
from pipelines.weight_table import WeightFile
from pipelines.weights import texts
from pipelines.weights.download import stream_to
from pipelines.weights.hub import HUB_PATIENCE
from pipelines.weights.hub_cache import CHUNK, Advance, digests


def archive_size(model: WeightFile) -> int | None:
    """Size of the archive at its published address, bytes; None if it is not to be had there."""
    from httpx2 import HTTPError
    from huggingface_hub import get_session

    try:
        answer = get_session().head(model.origin.name, timeout=HUB_PATIENCE, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        return int(answer.headers["Content-Length"])
    except (HTTPError, OSError, KeyError, ValueError):
        return None


def fetch(model: WeightFile, size: int, advance: Advance) -> None:
    """Download the archive, take the file out of it, and delete the archive.

    Raises:
        UserError: the archive does not hold the file of the table, or the file cannot be written.
    """
    target = locate(model)
    archive = target.with_name(f"{Path(model.origin.name).name}.incomplete")
    stream_to(archive, model.origin.name, size, advance, headers={})
    try:
        if model.origin.sha256 not in (None, digests(archive)[0]):
            raise _refusal(model)
        _extract(model, archive, target)
    finally:
        archive.unlink(missing_ok=True)
    assert is_verified(model)


def _extract(model: WeightFile, archive: Path, target: Path) -> None:
    unfinished, sha256 = target.with_name(f"{target.name}.half"), hashlib.sha256()
    try:
        with zipfile.ZipFile(archive) as pack:
            inside = next(entry for entry in pack.infolist() if Path(entry.filename).name == model.name)
            if inside.file_size == model.size:  # never unpack more than is wanted
                with pack.open(inside) as packed, unfinished.open("wb") as file:
                    while chunk := packed.read(CHUNK):
                        sha256.update(chunk)
                        file.write(chunk)
    except (zipfile.BadZipFile, StopIteration, EOFError, NotImplementedError, RuntimeError, zlib.error):
        sha256 = hashlib.sha256()
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UserError(texts.NOT_WRITTEN.format(file=target)) from error
    if sha256.hexdigest() != model.sha256:
        unfinished.unlink(missing_ok=True)
        raise _refusal(model)
    unfinished.replace(target)


def _refusal(model: WeightFile) -> UserError:
    return UserError(texts.OTHER_ARCHIVE.format(address=model.origin.name, file=model.name))
