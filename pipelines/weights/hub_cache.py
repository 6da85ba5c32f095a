"""Hub cache: the folders of the hub's client, where `from_pretrained(local_files_only=True)` looks for files.

A file lies at blobs/HASH of its repo, and snapshots/REVISION/PATH points there. Nothing here needs a network.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 20
IN_GIT = 32 << 20
"""Bytes; larger files are never in git itself (the hub's limit is 10 MB), and need no hash of its kind."""

Advance = Callable[[int], object]
"""Called with the number of bytes that have just been dealt with."""


def repo_folder(repo: str) -> Path:
    """Folder of a repo."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser() / f"models--{repo.replace('/', '--')}"


def cached_path(repo: str, revision: str, path: str) -> Path:
    """Path where the hub's client looks for a file."""
    return repo_folder(repo) / "snapshots" / revision / path


def blob_path(repo: str, digest: str) -> Path:
    """Path of the content with this hash, for all revisions."""
    return repo_folder(repo) / "blobs" / digest


def cached_names(repo: str, revision: str) -> list[str]:
    """Paths of all files that are cached of a repo at a revision."""
    snapshot = cached_path(repo, revision, "")
    return [file.relative_to(snapshot).as_posix() for file in sorted(snapshot.rglob("*")) if file.is_file()]


def record_main(repo: str, revision: str) -> str:
    """Let the hub's client take this commit for "main", as it does for a source without a pin; return it."""
    main = repo_folder(repo) / "refs" / "main"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(revision, "utf-8")
    return revision


def link_snapshot(pointer: Path, blob: Path) -> None:
    """Make the snapshot's entry point at a blob; where there are no symbolic links, the blob itself goes there."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        shutil.move(blob, pointer)


def digests(file: Path, advance: Advance = lambda _: None) -> tuple[str, ...]:
    """Compute a file's sha256, and git's sha1 of it where it may be in git."""
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
