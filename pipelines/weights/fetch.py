"""`python -m pipelines weights fetch ENGINE`: brings an engine's files here, verified, so that it needs no network."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.engine_table import EngineSpec
from pipelines.errors import UserError
from pipelines.faces.models import FACE_MODELS, FaceModel, is_here
from pipelines.weights import download, hub, insightface_archive
from pipelines.weights.adapter_conversion import convert
from pipelines.weights.download import Advance
from pipelines.weights.hub import HubFile
from pipelines.weights.known_files import Part, known, parts
from pipelines.weights.lock import Lock, one_at_a_time, path_of, split
from pipelines.weights.status import human_size

Files = dict[Part, list[HubFile]]
"""What each part of an engine consists of."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is left to do for an engine."""

    missing: tuple[HubFile, ...]
    face: FaceModel | None
    """Its recogniser, where that is not here."""
    archive: int | None
    """Bytes of the archive that the recogniser is in; None: not to be had."""
    pickles: int
    """Bytes of adapters that have still to be converted."""

    @property
    def download(self) -> int:
        """Bytes to come from the hub."""
        return sum(file.size - download.arrived(file) for file in self.missing)

    @property
    def disk(self) -> int:
        """Bytes that have to be free; the archive lies beside the file it is unpacked into for a moment."""
        unpacked = self.face.size if self.face and self.archive else 0
        return self.download + self.pickles + (self.archive or 0) + unpacked


def fetch(spec: EngineSpec) -> None:
    """Bring every file of an engine here; what is here already is checked.

    Raises:
        UserError: something cannot be had, or is not what it should be. Nothing unverified was let in.
    """
    if not parts(spec):
        say(f"{spec.title} comes with the project: there is nothing to fetch.")
        return
    try:
        _fetch(spec)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"The weights of {spec.title} could not be written: {reason}. What has arrived is kept: free some disk, "
            "then use the same command again."
        ) from error
    say(f"Everything for {spec.title} is here and verified: from now on it needs no network.")


def _fetch(spec: EngineSpec) -> None:
    with one_at_a_time():
        lock = Lock.read()
        # 1. What was verified once and still is as it was needs no network.
        files = _verified_before(spec, lock)
        if files is None:
            # 2. The hub says what there is; what is known already must agree with it.
            hub.ask_the_hub(spec.title)
            files = {part: _offered(part, lock) for part in parts(spec)}
        # 3. What is not here, and whether there is room for it.
        plan = _plan(spec, files, lock)
        _refuse_a_full_disk(spec, plan)
        # 4. Download and verify, file by file.
        with bar("Downloading", plan.download) as advance:
            for file in plan.missing:
                lock.record(file.key, download.download(file, lock.expected(file.key), advance))
        # 5. Pickles become safetensors.
        for part, of in files.items():
            made = [_converted(file, lock) for file in of if _is_pickled_adapter(part, file)]
            lock.parts[part.key] = [*(file.key for file in of), *made]
            lock.save()
        # 6. The recogniser, which is not on the hub.
        _fetch_face(spec, plan)


def say(sentence: str) -> None:
    """Tell the person, beside whatever the program prints as its result."""
    print(sentence, file=sys.stderr)


@contextmanager
def bar(title: str, total: int) -> Iterator[Advance]:
    """A progress bar in bytes on stderr; none where stderr is no terminal."""
    from tqdm import tqdm

    with tqdm(desc=title, total=total, unit="B", unit_scale=True, disable=None, leave=False) as shown:
        yield shown.update


def _verified_before(spec: EngineSpec, lock: Lock) -> Files | None:
    """All files of an engine that was fetched whole, if every one still has its hash; the made ones are left out."""
    files: Files = {}
    for part in parts(spec):
        keys = [key for key in lock.keys(part) if lock.files[key].made_from is None]
        if not keys or any(lock.expected(key) != lock.files[key].sha256 for key in keys):
            return None
        files[part] = [_recorded(key, lock) for key in keys]
    everything = {file.key: file.size for of in files.values() for file in of}
    with bar("Checking", sum(everything.values())) as advance:
        return files if all(lock.has_known_hash(key, advance) for key in everything) else None


def _recorded(key: str, lock: Lock) -> HubFile:
    repo, revision, path = split(key)
    record = lock.files[key]
    return HubFile(repo=repo, revision=revision, path=path, size=record.size, digest=record.sha256)


def _offered(part: Part, lock: Lock) -> list[HubFile]:
    """What the hub has of a part; refused where it is not what the table or the lock file knows."""
    source = part.source
    revision = source.revision or download.follow_main(source.repo, hub.newest_revision(source.repo))
    listed = hub.listing(source.repo, revision)
    wanted = _wanted(part, list(listed))
    if not wanted or not set(wanted) <= set(listed):
        raise UserError(
            f"The model hub has no {part.name} in {source.repo} at revision {revision[:12]}. Get a newer version of "
            "this program, or choose the built-in engine."
        )
    for file in (files := [listed[path] for path in wanted]):
        row, expected = known(file.repo, file.path), lock.expected(file.key)
        if (row and row.size not in (None, file.size)) or (
            expected and len(file.digest) == len(expected) and file.digest != expected
        ):
            raise UserError(
                f"The model hub offers another {file.path} of {file.repo} than the one that is known here: its size or "
                "hash differs. It was not downloaded. Check HF_ENDPOINT, or choose the built-in engine."
            )
    return files


def _wanted(part: Part, names: list[str]) -> list[str]:
    """Paths of a part's files among all those of its repo."""
    source = part.source
    if source.weight_name:
        return [part.folder + source.weight_name]
    if not part.is_pipeline:
        return hub.loaded_from(part.folder, names, source.variant)
    folders = sorted({name.partition("/")[0] for name in names if "/" in name} - {*part.without})
    chosen = [hub.loaded_from(f"{folder}/", names, source.variant) for folder in folders]
    return ["model_index.json", *(name for of in chosen for name in of)]


def _plan(spec: EngineSpec, files: Files, lock: Lock) -> Plan:
    everything = {file.key: file for of in files.values() for file in of}
    sure = {key for key in everything if lock.has_known_stat(key) and lock.files[key].sha256 == lock.expected(key)}
    missing = []
    with bar("Checking", sum(file.size for key, file in everything.items() if key not in sure)) as advance:
        for key, file in everything.items():
            sha256 = lock.files[key].sha256 if key in sure else download.found(file, advance)
            if sha256 is None or lock.expected(key) not in (None, sha256):
                missing.append(file)
            elif key not in sure:
                lock.record(key, sha256)
    pickles = [file for part, of in files.items() for file in of if _is_pickled_adapter(part, file)]
    face = FACE_MODELS[spec.recogniser]
    wants_face = bool(face.pack) and not is_here(face)
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
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free
    say(
        f"{spec.title} needs {human_size(plan.disk)} of disk, and {human_size(free)} are free in {folder}. "
        f"Licence: {spec.licence}."
    )
    if free < plan.disk:
        raise UserError(
            f"There is too little disk for {spec.title}: it needs {human_size(plan.disk)}, and {human_size(free)} are "
            "free. Nothing was downloaded. Free some, or set HF_HOME to a folder on a larger disk."
        )


def _is_pickled_adapter(part: Part, file: HubFile) -> bool:
    return part.source.weight_name is not None and file.path.endswith(".bin")


def _safe_key(file: HubFile) -> str:
    return f"{file.key.removesuffix('.bin')}.safetensors"


def _converted(file: HubFile, lock: Lock) -> str:
    """Key of the safetensors file of a pickled adapter, made now where there is none or it is another's."""
    key, origin = _safe_key(file), lock.files[file.key].sha256
    record = lock.files.get(key)
    if record is None or record.made_from != origin or not lock.has_known_hash(key):
        convert(path_of(file.key), path_of(key))
        lock.record(key, download.digests(path_of(key))[0], made_from=origin)
    return key


def _fetch_face(spec: EngineSpec, plan: Plan) -> None:
    if plan.face is None:
        return
    if plan.archive is None:
        raise UserError(f"All else for {spec.title} is here, but {insightface_archive.by_hand(plan.face)}")
    with bar(plan.face.file, plan.archive) as advance:
        insightface_archive.fetch(plan.face, plan.archive, advance)
