"""Downloads into the hub client's cache: resumed where they broke off, and let in only once verified.

The hub's own client neither resumes a download of an earlier run nor checks hashes.
"""

import os
import time
from pathlib import Path

from pipelines.errors import UserError
from pipelines.weights import texts
from pipelines.weights.hub import HUB_PATIENCE, HubFile, as_user_errors
from pipelines.weights.hub_cache import CHUNK, Advance, blob_path, cached_path, digests, link_snapshot

TRIES, PAUSE = 5, 1.0
"""Attempts in a row that bring nothing before a download is given up, and seconds between them."""


def bytes_so_far(file: HubFile) -> int:
    """Bytes of a file that an earlier run has left."""
    incomplete = _incomplete_path(file)
    return min(incomplete.stat().st_size, file.size) if incomplete.exists() else 0


def verify_cached(file: HubFile, advance: Advance = lambda _: None) -> str | None:
    """Return the sha256 of a file that is in the cache with the right hash; it may have come with another revision."""
    pointer, blob = cached_path(file.repo, file.revision, file.path), blob_path(file.repo, file.digest)
    for path in (pointer, blob):
        if path.is_file():
            hashes = digests(path, advance)
            if file.digest in hashes:
                if path is blob:
                    link_snapshot(pointer, blob)
                return hashes[0]
    return None


def download(file: HubFile, expected_sha256: str | None, advance: Advance) -> str:
    """Bring one file into the cache and return its sha256; whatever was in its place before is replaced.

    Args:
        file: Row of the hub's listing.
        expected_sha256: Hash that is known beforehand, if any.
        advance: Called with the bytes as they come.

    Raises:
        UserError: it broke off (the bytes so far are kept), or is another file (nothing is kept).
    """
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers

    incomplete, blob = _incomplete_path(file), blob_path(file.repo, file.digest)
    url = hf_hub_url(file.repo, file.path, revision=file.revision, endpoint=constants.ENDPOINT)
    stream_to(incomplete, url, file.size, advance, headers=build_hf_headers(), revision=file.revision)
    hashes = digests(incomplete)
    sha256 = hashes[0]
    if incomplete.stat().st_size != file.size or file.digest not in hashes or expected_sha256 not in (None, sha256):
        incomplete.unlink()
        raise UserError(texts.DAMAGED.format(file=file.path, repo=file.repo))
    incomplete.replace(blob)
    link_snapshot(cached_path(file.repo, file.revision, file.path), blob)
    return sha256


def stream_to(
    incomplete: Path, url: str, size: int, advance: Advance, *, headers: dict[str, str], revision: str | None = None
) -> None:
    """Append to a half-downloaded file what it still misses of `size` bytes, taking a broken connection up again."""
    from httpx2 import TransportError

    incomplete.parent.mkdir(parents=True, exist_ok=True)
    incomplete.touch()
    name, fruitless = url.rpartition("/")[2], 0
    while (before := incomplete.stat().st_size) < size:
        broken = None
        try:
            with as_user_errors(name, let_through=TransportError):
                _append(incomplete, before, size, url, headers, revision, advance)
        except TransportError as error:
            broken = error
        fruitless = 0 if incomplete.stat().st_size > before else fruitless + 1
        if fruitless == TRIES:
            raise UserError(texts.BROKE_OFF.format(file=name)) from broken
        if broken:
            time.sleep(PAUSE)


def _append(
    incomplete: Path, start: int, size: int, url: str, headers: dict[str, str], revision: str | None, advance: Advance
) -> None:
    from huggingface_hub import get_session, hf_raise_for_status

    asked = headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with get_session().stream("GET", url, headers=asked, timeout=HUB_PATIENCE) as answer:
        hf_raise_for_status(answer)
        for reply in (*answer.history, answer):
            if revision is not None and reply.headers.get("X-Repo-Commit", revision) != revision:
                raise UserError(texts.OTHER_REVISION.format(revision=revision[:12], file=url.rpartition("/")[2]))
        if start and answer.status_code != 206:  # it does not resume
            advance(-start)
            os.truncate(incomplete, 0)
        with incomplete.open("ab") as file:
            for chunk in answer.iter_bytes(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if file.tell() > size:  # not what was announced: the check of the hash throws it away
                    return


def _incomplete_path(file: HubFile) -> Path:
    return blob_path(file.repo, f"{file.digest}.incomplete")
