"""Files from the model hub into its client's cache: resumed where they broke off, and let in only once verified.

The hub's own client neither resumes a download of an earlier run nor checks hashes, so this writes its cache's layout
itself (blobs/HASH, and snapshots/REVISION/PATH pointing there): `from_pretrained(local_files_only=True)` finds it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import UserError
from pipelines.weights.hub import HUB_PATIENCE, HubFile, sentences

TRIES, PAUSE = 5, 1.0
"""How often a download that brings nothing is taken up again, after so many seconds."""
CHUNK = 1 << 20
IN_GIT = 32 << 20
"""Bytes; larger files are never in git itself (the hub's limit is 10 MB), and need no hash of its kind."""

Advance = Callable[[int], object]
"""Called with the number of bytes that have just been dealt with."""


def cached_path(repo: str, revision: str, path: str) -> Path:
    """Where the hub's client looks for a file."""
    return cache_of(repo) / "snapshots" / revision / path


def cache_of(repo: str) -> Path:
    """The folder of a repo in the hub client's cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser() / f"models--{repo.replace('/', '--')}"


def follow_main(repo: str, revision: str) -> str:
    """Let the hub's client take this commit for "main", as it does for a source without a pin; return it."""
    main = cache_of(repo) / "refs" / "main"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(revision, "utf-8")
    return revision


def digests(file: Path, advance: Advance = lambda size: None) -> tuple[str, ...]:
    """sha256 of a file, and git's sha1 of it where it may be in git."""
    size = file.stat().st_size
    hashes = [hashlib.sha256()]
    if size <= IN_GIT:
        hashes.append(hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False))
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            for one in hashes:
                one.update(chunk)
            advance(len(chunk))
    return tuple(one.hexdigest() for one in hashes)


def arrived(file: HubFile) -> int:
    """Bytes of a file that an earlier run has left."""
    half = _half(file)
    return min(half.stat().st_size, file.size) if half.exists() else 0


def found(file: HubFile, advance: Advance = lambda size: None) -> str | None:
    """The sha256 of a file that is in the cache already, if it is whole; it may have come with another revision."""
    pointer, blob = cached_path(file.repo, file.revision, file.path), cache_of(file.repo) / "blobs" / file.digest
    for here in (pointer, blob):
        if here.is_file():
            hashes = digests(here, advance)
            if file.digest in hashes:
                if here is blob:
                    _point(pointer, blob)
                return hashes[0]
    return None


def download(file: HubFile, expected: str | None, advance: Advance) -> str:
    """Bring one file into the cache and return its sha256; whatever was in its place before is replaced.

    Args:
        file: What the hub says of it.
        expected: The sha256 that is known beforehand.
        advance: Called with the bytes as they come.

    Raises:
        UserError: it broke off (what has come is kept), or is another file (nothing is kept).
    """
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    half, blob = _half(file), cache_of(file.repo) / "blobs" / file.digest
    url = hf_hub_url(file.repo, file.path, revision=file.revision, endpoint=constants.ENDPOINT)
    stream_to(half, url, file.size, advance, headers=build_hf_headers(), revision=file.revision)
    hashes = digests(half)
    sha256 = hashes[0]
    if half.stat().st_size != file.size or file.digest not in hashes or expected not in (None, sha256):
        half.unlink()
        raise UserError(
            f"{file.path} of {file.repo} arrived damaged or is another file: its hash is wrong. It was thrown away; "
            "nothing else was changed. Try again later, or from another network."
        )
    half.replace(blob)
    _point(cached_path(file.repo, file.revision, file.path), blob)
    return sha256


def stream_to(
    half: Path, url: str, size: int, advance: Advance, *, headers: dict[str, str], revision: str | None = None
) -> None:
    """Append to a half-downloaded file what it still misses of `size` bytes, taking a broken connection up again."""
    from httpx2 import TransportError

    half.parent.mkdir(parents=True, exist_ok=True)
    half.touch()
    name, fruitless = url.rpartition("/")[2], 0
    while (before := half.stat().st_size) < size:
        broken = None
        try:
            with sentences(name, broken=TransportError):
                _append(half, before, size, url, headers, revision, advance)
        except TransportError as error:
            broken = error
        fruitless = 0 if half.stat().st_size > before else fruitless + 1
        if fruitless == TRIES:
            raise UserError(
                f"The connection broke off while {name} was downloaded. What has arrived is kept: the same command "
                "goes on from there."
            ) from broken
        if broken:
            time.sleep(PAUSE)


def _append(
    half: Path, now: int, size: int, url: str, headers: dict[str, str], revision: str | None, advance: Advance
) -> None:
    from huggingface_hub.utils import get_session, hf_raise_for_status

    wanted = headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={now}-"} if now else {})
    with get_session().stream("GET", url, headers=wanted, timeout=HUB_PATIENCE) as answer:
        hf_raise_for_status(answer)
        for reply in (*answer.history, answer):
            if revision is not None and reply.headers.get("X-Repo-Commit", revision) != revision:
                raise UserError(
                    f"The model hub answered with another revision than {revision[:12]} for "
                    f"{url.rpartition('/')[2]}. Nothing was kept of it. Check HF_ENDPOINT, or try again later."
                )
        if now and answer.status_code != 206:  # it does not resume
            advance(-now)
            os.truncate(half, 0)
        with half.open("ab") as file:
            for chunk in answer.iter_bytes(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if file.tell() > size:  # not what was announced: the check of the hash throws it away
                    return


def _half(file: HubFile) -> Path:
    return cache_of(file.repo) / "blobs" / f"{file.digest}.incomplete"


def _point(pointer: Path, blob: Path) -> None:
    """Make the snapshot's entry point at a blob; where there are no symbolic links, the blob itself goes there."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        shutil.move(blob, pointer)
