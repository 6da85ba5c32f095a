"""Fetching: brings an engine's files here, verified. The command line calls `fetch`, the studio `fetch_missing`."""

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.engine_spec import EngineSpec
from pipelines.errors import Cancelled, UserError
from pipelines.faces.recognisers import check_installed
from pipelines.runtime.verified_files import is_verified, locate
from pipelines.weight_table import WeightFile, face_model, hub_file
from pipelines.weights import download, hub, insightface_archive, texts
from pipelines.weights.adapter_conversion import convert
from pipelines.weights.hub import HubFile
from pipelines.weights.hub_cache import Advance, digests, record_main
from pipelines.weights.lock import Lock, exclusive_fetch, path_of, split_key
from pipelines.weights.parts import Part, parts_of, select_files
from pipelines.weights.sizes import human_size
from pipelines.weights.status import face_files, is_downloaded
from pipelines.weights.verify import fetch_command

Files = dict[Part, list[HubFile]]
"""Files of each part of an engine."""
ProgressBar = Callable[[str, int], AbstractContextManager[Advance]]
"""Opens a progress bar with a title and a number of bytes."""

OnFetch = Callable[[float], None]
"""Hears the share of the missing bytes that has come, 0 to 1."""

_CANCEL_POLL = 0.05
"""Seconds; the longest that somebody who waits for another's fetch takes to notice that they cancelled."""
_fetching = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Work that is left for an engine."""

    missing: tuple[HubFile, ...]
    face: WeightFile | None
    """Its recogniser; None where that is here."""
    archive: int | None
    """Bytes of the archive that the recogniser is in; None: not to be had."""
    pickles: int
    """Bytes of adapters that have still to be converted."""

    @property
    def download(self) -> int:
        """Bytes to come from the hub."""
        return sum(file.size - download.bytes_so_far(file) for file in self.missing)

    @property
    def disk(self) -> int:
        """Bytes that have to be free; the archive lies beside the file it is unpacked into for a moment."""
        unpacked = self.face.size if self.face and self.archive else 0
        return self.download + self.pickles + (self.archive or 0) + unpacked


def fetch_missing(spec: EngineSpec, cancel: threading.Event | None = None, on_fetch: OnFetch = lambda _: None) -> None:
    """Fetch an engine unless all of its files are here, which is looked up without hashing and without a network.

    Whoever comes while another thread fetches waits for it.

    Args:
        spec: Row of the engine.
        cancel: Once it is set, this ends; the bytes that have come are kept.
        on_fetch: Called before anything is fetched or waited for, and while it comes.

    Raises:
        UserError: as `fetch`; Cancelled among them.
    """
    if is_downloaded(spec):
        return
    on_fetch(0.0)
    while not _fetching.acquire(timeout=_CANCEL_POLL):
        _stop_if(cancel)
    try:
        if not is_downloaded(spec):
            fetch(spec, cancel, on_fetch)
    finally:
        _fetching.release()


def fetch(spec: EngineSpec, cancel: threading.Event | None = None, on_fetch: OnFetch = lambda _: None) -> None:
    """Bring every file of an engine here; those that are here already are checked.

    Raises:
        UserError: a file cannot be had, or is another one, or `cancel` was set. Nothing unverified was let in.
    """
    if not parts_of(spec):
        print_note(f"{spec.title} comes with the project: there is nothing to fetch.")
        return
    _refuse_missing_packages(spec)
    try:
        _fetch(spec, lambda title, total: progress_bar(title, total, cancel), on_fetch)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(texts.WEIGHTS_NOT_WRITTEN.format(engine=spec.title, reason=reason)) from error
    print_note(f"Everything for {spec.title} is here and verified: from now on it needs no network.")


def _refuse_missing_packages(spec: EngineSpec) -> None:
    """Say now what pip has to install: it would come out only after the download."""
    for recogniser in (spec.recogniser, spec.judge):
        check_installed(recogniser)
    for row in face_files(spec):
        if row.origin.kind == "package":
            locate(row)


def _fetch(spec: EngineSpec, bar: ProgressBar, on_fetch: OnFetch) -> None:
    with exclusive_fetch():
        lock = Lock.read()
        # 1. Files that were verified once and still have their hash need no network.
        files = _verified_before(spec, lock, bar)
        if files is None:
            # 2. The hub lists its files; those that are known already must agree with it.
            hub.check_hub_answers(spec.title, fetch_command(spec))
            files = {part: _listed_by_hub(part, lock) for part in parts_of(spec)}
        # 3. Which of them are missing, and whether there is room for them.
        plan = _plan(spec, files, lock, bar)
        _refuse_a_full_disk(spec, plan)
        # 4. Download and verify, file by file.
        bar = _counted(bar, plan.download + (plan.archive or 0), on_fetch)
        with bar("Downloading", plan.download) as advance:
            for file in plan.missing:
                lock.record(file.key, download.download(file, lock.expected_sha256(file.key), advance))
        # 5. Pickles become safetensors.
        for part, of in files.items():
            made = [_convert(file, lock) for file in of if _is_pickled_adapter(part, file)]
            lock.parts[part.key] = [*(file.key for file in of), *made]
            lock.save()
        # 6. The recogniser, which is not on the hub.
        _fetch_face(spec, plan, bar)


def _counted(bar: ProgressBar, total: int, on_fetch: OnFetch) -> ProgressBar:
    """Bars that tell, besides, the share of `total` bytes that all of them together have come to."""
    come = 0

    @contextmanager
    def counted(title: str, size: int) -> Iterator[Advance]:
        with bar(title, size) as advance:

            def count(more: int) -> None:
                nonlocal come
                come += more
                advance(more)
                on_fetch(min(1.0, come / max(1, total)))

            yield count

    return counted


def print_note(sentence: str) -> None:
    """Print a sentence on stderr, apart from the program's results."""
    print(sentence, file=sys.stderr)


@contextmanager
def progress_bar(title: str, total: int, cancel: threading.Event | None = None) -> Iterator[Advance]:
    """Show a progress bar in bytes on stderr; none where stderr is no terminal. Each advance raises Cancelled if so."""
    from tqdm import tqdm

    with tqdm(desc=title, total=total, unit="B", unit_scale=True, disable=None, leave=False) as shown:

        def advance(size: int) -> None:
            shown.update(size)
            _stop_if(cancel)

        yield advance


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled


def _verified_before(spec: EngineSpec, lock: Lock, bar: ProgressBar) -> Files | None:
    """Downloads of an engine that was fetched before, if every one still has its hash; else None."""
    files: Files = {}
    for part in parts_of(spec):
        keys = [key for key in lock.keys_of(part) if lock.files[key].made_from is None]
        if not keys or any(lock.expected_sha256(key) != lock.files[key].sha256 for key in keys):
            return None
        files[part] = [_recorded(key, lock) for key in keys]
    everything = {file.key: file.size for of in files.values() for file in of}
    with bar("Checking", sum(everything.values())) as advance:
        return files if all(lock.has_known_hash(key, advance) for key in everything) else None


def _recorded(key: str, lock: Lock) -> HubFile:
    repo, revision, path = split_key(key)
    record = lock.files[key]
    return HubFile(repo=repo, revision=revision, path=path, size=record.size, digest=record.sha256)


def _listed_by_hub(part: Part, lock: Lock) -> list[HubFile]:
    """Files that the hub has of a part; refused where they are not those of the table or the lock file."""
    source = part.source
    revision = source.revision or record_main(source.repo, hub.newest_revision(source.repo))
    listed = hub.listing(source.repo, revision)
    wanted = select_files(part, list(listed))
    if not wanted or not set(wanted) <= set(listed):
        raise UserError(texts.NOT_AT_REVISION.format(part=part.name, repo=source.repo, revision=revision[:12]))
    for file in (files := [listed[path] for path in wanted]):
        row, expected = hub_file(file.repo, file.path), lock.expected_sha256(file.key)
        if (row and row.size_is_exact and row.size != file.size) or (
            expected and len(file.digest) == len(expected) and file.digest != expected
        ):
            raise UserError(texts.OTHER_FILE.format(file=file.path, repo=file.repo))
    return files


def _plan(spec: EngineSpec, files: Files, lock: Lock, bar: ProgressBar) -> Plan:
    everything = {file.key: file for of in files.values() for file in of}
    sure = {
        key for key in everything if lock.has_known_stat(key) and lock.files[key].sha256 == lock.expected_sha256(key)
    }
    missing = []
    with bar("Checking", sum(file.size for key, file in everything.items() if key not in sure)) as advance:
        for key, file in everything.items():
            sha256 = lock.files[key].sha256 if key in sure else download.verify_cached(file, advance)
            if sha256 is None or lock.expected_sha256(key) not in (None, sha256):
                missing.append(file)
            elif key not in sure:
                lock.record(key, sha256)
    pickles = [file for part, of in files.items() for file in of if _is_pickled_adapter(part, file)]
    face = face_model(spec.recogniser)
    wants_face = face.origin.kind == "archive" and not is_verified(face)
    return Plan(
        missing=tuple(missing),
        face=face if wants_face else None,
        archive=insightface_archive.archive_size(face) if wants_face else None,
        pickles=sum(file.size for file in pickles if not path_of(_safe_key(file)).exists()),
    )


def _refuse_a_full_disk(spec: EngineSpec, plan: Plan) -> None:
    from huggingface_hub import constants

    if not plan.disk:
        return
    folder = Path(constants.HF_HUB_CACHE).expanduser()
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    print_note(
        f"{spec.title} needs {human_size(plan.disk)} of disk, and {human_size(free)} are free in {folder}. "
        f"Licence: {spec.licence}."
    )
    if free < plan.disk:
        raise UserError(texts.FULL_DISK.format(engine=spec.title, needed=human_size(plan.disk), free=human_size(free)))


def _is_pickled_adapter(part: Part, file: HubFile) -> bool:
    return part.source.weight_name is not None and file.path.endswith(".bin")


def _safe_key(file: HubFile) -> str:
    return f"{file.key.removesuffix('.bin')}.safetensors"


def _convert(file: HubFile, lock: Lock) -> str:
    """Make the safetensors file of a pickled adapter, unless there is one of this very pickle; return its key."""
    key, origin = _safe_key(file), lock.files[file.key].sha256
    record = lock.files.get(key)
    if record is None or record.made_from != origin or not lock.has_known_hash(key):
        convert(path_of(file.key), path_of(key))
        lock.record(key, digests(path_of(key))[0], made_from=origin)
    return key


def _fetch_face(spec: EngineSpec, plan: Plan, bar: ProgressBar) -> None:
    if plan.face is None:
        return
    if plan.archive is None:
        raise UserError(
            texts.NO_RECOGNISER.format(
                engine=spec.title, file=plan.face.name, address=plan.face.origin.name, command=fetch_command(spec)
            )
        )
    with bar(plan.face.name, plan.archive) as advance:
        insightface_archive.fetch(plan.face, plan.archive, advance)
