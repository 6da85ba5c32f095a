"""What each engine needs, how large it is, under which licence, where it is from, and whether it is here."""

from collections.abc import Mapping
from pathlib import Path

from pipelines.engine_table import ENGINES, EngineSpec, Source
from pipelines.errors import UserError
from pipelines.faces.models import FACE_MODELS, FaceModel, is_here, locate
from pipelines.paths import MODELS
from pipelines.weights.download import cached_path
from pipelines.weights.known_files import LICENCES, Part, known_size, parts
from pipelines.weights.lock import Lock, path_of

Row = tuple[str, ...]

NOT_HERE, INCOMPLETE, UNVERIFIED, CHANGED, VERIFIED = (
    "not here",
    "incomplete",
    "here, not verified",
    "changed since it was verified",
    "verified",
)
"""What can be said of a part; from worst to best but for CHANGED."""
SHORT = 12  # digits of a revision


def engine_rows(table: Mapping[str, EngineSpec] = ENGINES) -> list[Row]:
    """One row per engine, after the headings."""
    rows: list[Row] = [("engine", "needs", "size", "weights", "licence")]
    lock = Lock.read()
    for spec in table.values():
        needs = f"{spec.memory_gb:g} GB of GPU memory" if spec.memory_gb else "any CPU"
        sizes, states = zip(*((size, state) for _, size, _, state in _parts(spec, lock)), strict=True)
        rows.append((spec.id, needs, human_size(sum(sizes)), overall(states), spec.licence))
    return rows


def part_rows(table: Mapping[str, EngineSpec] = ENGINES) -> list[Row]:
    """One row per part of an engine and per face model, after the headings."""
    rows: list[Row] = [("engine", "part", "size", "weights", "from", "licence")]
    lock = Lock.read()
    for spec in table.values():
        for name, size, source, state in _parts(spec, lock):
            licence = LICENCES.get(source.repo, spec.licence)
            rows.append((spec.id, name, human_size(size), state, _origin(source), licence))
    for name, model in FACE_MODELS.items():
        of = ", ".join(spec.id for spec in table.values() if spec.recogniser == name) if model.pack else "all"
        here = VERIFIED if is_here(model) else "another file" if _exists(model) else NOT_HERE
        rows.append((of, model.file, human_size(model.size), here, model.source, model.licence))
    return rows


def part_state(part: Part, lock: Lock) -> str:
    """Whether a part is here."""
    keys = lock.keys(part)
    if keys:
        if not all(path_of(key).exists() for key in keys):
            return INCOMPLETE
        return VERIFIED if all(lock.has_known_stat(key) or lock.has_known_hash(key) for key in keys) else CHANGED
    source = part.source
    start = f"{source.repo}@" + (
        f"{source.revision}/{part.folder}{source.weight_name or ''}" if source.revision else ""
    )
    if any(key.startswith(start) for key in lock.files):
        return INCOMPLETE
    name = source.weight_name or ("model_index.json" if part.is_pipeline else "config.json")
    here = source.revision and cached_path(source.repo, source.revision, part.folder + name).exists()
    return UNVERIFIED if here else NOT_HERE


def overall(states: tuple[str, ...]) -> str:
    """What is said of a whole whose parts are in these states."""
    if len(set(states)) == 1:
        return states[0]
    return CHANGED if CHANGED in states else INCOMPLETE if NOT_HERE in states or INCOMPLETE in states else UNVERIFIED


def verify_unchanged(spec: EngineSpec) -> None:
    """Refuse files that are no longer what was verified: told by size and time, and by the hash where those differ.

    Raises:
        UserError: it names the first such file.
    """
    if not (of := parts(spec)):
        return
    lock = Lock.read()
    for part in of:
        for key in lock.keys(part):
            if path_of(key).exists() and not lock.has_known_stat(key) and not lock.has_known_hash(key):
                raise UserError(
                    f"{path_of(key).name} of {spec.title} has changed since it was verified, and was not opened. Get "
                    f"it again with: python -m pipelines weights fetch {spec.id}"
                )


def safe_copy(source: Source) -> str | None:
    """Name of the safetensors file that was made of an adapter's pickle, if there is one."""
    name = source.weight_name or ""
    if not name.endswith(".bin") or not source.revision:
        return None
    name = f"{name.removesuffix('.bin')}.safetensors"
    folder = f"{source.subfolder}/" if source.subfolder else ""
    return name if cached_path(source.repo, source.revision, folder + name).exists() else None


def human_size(size: int) -> str:
    """A size as people read it; "?" where it is not known."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB" if size else "?"


def _parts(spec: EngineSpec, lock: Lock) -> list[tuple[str, int, Source, str]]:
    """Name, bytes, source and state of each part; the built-in engine is one part, the project's own folder."""
    if not parts(spec):
        files = [file for file in Path(spec.base.repo).rglob("*") if file.is_file()]
        here = "in this repo" if files else NOT_HERE
        return [("everything", sum(file.stat().st_size for file in files), spec.base, here)]
    return [
        (
            part.name,
            sum(lock.files[key].size for key in lock.keys(part)) or known_size(part),
            part.source,
            part_state(part, lock),
        )
        for part in parts(spec)
    ]


def _origin(source: Source) -> str:
    if Path(source.repo).is_absolute():
        return f"models/{Path(source.repo).relative_to(MODELS)}" if MODELS in Path(source.repo).parents else source.repo
    return f"{source.repo}@{source.revision[:SHORT]}" if source.revision else source.repo


def _exists(model: FaceModel) -> bool:
    try:
        return locate(model).exists()
    except UserError:
        return False
