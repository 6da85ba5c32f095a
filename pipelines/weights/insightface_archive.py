"""buffalo_l's recogniser from InsightFace's archive: just that file, let in only if it is the one of the table."""

import hashlib
import zipfile
import zlib
from pathlib import Path

from pipelines.errors import UserError
from pipelines.faces.models import FaceModel, is_here, locate
from pipelines.weights.download import CHUNK, Advance, stream_to
from pipelines.weights.hub import HUB_PATIENCE


def archive_size(model: FaceModel) -> int | None:
    """Bytes of the archive at its published address; None if it is not to be had there."""
    from httpx2 import HTTPError
    from huggingface_hub.utils import get_session

    try:
        answer = get_session().head(model.source, timeout=HUB_PATIENCE, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        return int(answer.headers["Content-Length"])
    except (HTTPError, OSError, KeyError, ValueError):
        return None


def fetch(model: FaceModel, size: int, advance: Advance) -> None:
    """Download the archive, take the file out of it, and delete the archive."""
    target = locate(model)
    half = target.with_name(f"{Path(model.source).name}.incomplete")
    stream_to(half, model.source, size, advance, headers={})
    try:
        _extract(model, half, target)
    finally:
        half.unlink(missing_ok=True)
    assert is_here(model)


def by_hand(model: FaceModel) -> str:
    """What a person can do where the archive is not to be had."""
    return (
        f"{model.file} could not be had from {model.source}. Download that archive in a browser, and put {model.file} "
        f"({model.size:,} bytes) out of it at {locate(model)}; it is recognised by its hash."
    )


def _extract(model: FaceModel, archive: Path, target: Path) -> None:
    half, sha256 = target.with_name(f"{target.name}.half"), hashlib.sha256()
    try:
        with zipfile.ZipFile(archive) as pack:
            inside = next(entry for entry in pack.infolist() if Path(entry.filename).name == model.file)
            if inside.file_size == model.size:  # never unpack more than is wanted
                with pack.open(inside) as packed, half.open("wb") as file:
                    while chunk := packed.read(CHUNK):
                        sha256.update(chunk)
                        file.write(chunk)
    except (zipfile.BadZipFile, StopIteration, EOFError, NotImplementedError, RuntimeError, zlib.error):
        sha256 = hashlib.sha256()
    except OSError as error:
        half.unlink(missing_ok=True)
        raise UserError(f"{target} could not be written. Free some disk, then try again.") from error
    if sha256.hexdigest() != model.sha256:
        half.unlink(missing_ok=True)
        raise UserError(f"The archive at {model.source} is damaged or holds another {model.file}. {by_hand(model)}")
    half.replace(target)
