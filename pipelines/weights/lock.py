"""Lock file: size, sha256 and time of every downloaded file, written when the file was verified."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from pipelines.errors import UserError
from pipelines.weight_table import hub_file
from pipelines.weights import texts
from pipelines.weights.hub_cache import Advance, cached_path, digests
from pipelines.weights.parts import Part

LOCK_VARIABLE = "HEADSHOT_WEIGHTS_LOCK"
"""Environment variable that moves it; without it the lock file lies in the hub client's cache folder."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A file as it was when it was verified."""

    size: int
    """Bytes."""
    sha256: str
    mtime_ns: int
    made_from: str | None = None
    """sha256 of the pickle that it was converted from; None for a download."""


@dataclass
class Lock:
    """List of verified files. Keys name a file: "owner/repo@revision/path"."""

    path: Path
    files: dict[str, Record] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    """Keys of all files of a part, by the part's own key; there once all of them are verified."""

    @classmethod
    def read(cls) -> Self:
        """Read it; an empty one where there is none yet."""
        path = lock_path()
        try:
            content = json.loads(path.read_text("utf-8"))
            files = {key: Record(**record) for key, record in content["files"].items()}
            return cls(path, files, dict(content["parts"]))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise UserError(texts.UNREADABLE_LIST.format(path=path)) from None

    def save(self) -> None:
        """Write it beside the old one, then put it in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"files": {key: asdict(record) for key, record in self.files.items()}, "parts": self.parts}
        unfinished = self.path.with_name(f"{self.path.name}.half")
        unfinished.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")
        unfinished.replace(self.path)

    def record(self, key: str, sha256: str, made_from: str | None = None) -> None:
        """Remember a file that has just been verified."""
        now = path_of(key).stat()
        self.files[key] = Record(size=now.st_size, sha256=sha256, mtime_ns=now.st_mtime_ns, made_from=made_from)
        self.save()

    def keys_of(self, part: Part) -> list[str]:
        """List all files of a part, if it was fetched as a whole and at the row's present revision; else none."""
        keys = self.parts.get(part.key, [])
        start = f"{part.source.repo}@{part.source.revision or ''}"
        return keys if all(key.startswith(start) and key in self.files for key in keys) else []

    def has_known_stat(self, key: str) -> bool:
        """True if the file still has the size and time it was verified with."""
        try:
            now = path_of(key).stat()
        except OSError:
            return False
        record = self.files.get(key)
        return record is not None and (now.st_size, now.st_mtime_ns) == (record.size, record.mtime_ns)

    def has_known_hash(self, key: str, advance: Advance = lambda _: None) -> bool:
        """True if the file still has the hash it was verified with."""
        return path_of(key).is_file() and digests(path_of(key), advance)[0] == self.files[key].sha256

    def expected_sha256(self, key: str) -> str | None:
        """Hash that the file must have: the table's, else that of the first verified download."""
        repo, _, path = split_key(key)
        row, record = hub_file(repo, path), self.files.get(key)
        return (row.sha256 if row else None) or (record.sha256 if record else None)


def split_key(key: str) -> tuple[str, str, str]:
    """Split a key into repo, revision and path."""
    repo, _, rest = key.partition("@")
    revision, _, path = rest.partition("/")
    return repo, revision, path


def path_of(key: str) -> Path:
    """Path of a file of the lock file."""
    return cached_path(*split_key(key))


def lock_path() -> Path:
    """Path of the lock file."""
    from huggingface_hub import constants

    return Path(
        os.environ.get(LOCK_VARIABLE) or Path(constants.HF_HUB_CACHE) / "headshot-weights.lock.json"
    ).expanduser()


@contextlib.contextmanager
def exclusive_fetch() -> Iterator[None]:
    """Refuse a second fetch while one runs: both would write to the same half-downloaded file."""
    from filelock import FileLock, Timeout

    path = lock_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_name(f"{path.name}.running"), timeout=0):
            yield
    except Timeout:
        raise UserError(texts.ALREADY_FETCHING) from None
