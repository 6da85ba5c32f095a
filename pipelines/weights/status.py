"""Status of the weights on this machine: per part, per file and per engine, and the tables that the command prints."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.runtime.verified_files import exists, is_verified
from pipelines.weight_table import HEAD_PARSER, PERSON_MASK, PLATES, WeightFile, project_files
from pipelines.weights.hub_cache import cached_names, cached_path
from pipelines.weights.lock import Lock, path_of
from pipelines.weights.parts import Part, parts_of, rows_of, select_files
from pipelines.weights.sizes import human_size

Row = tuple[str, ...]

NOT_HERE, INCOMPLETE, UNVERIFIED, CHANGED, ANOTHER, VERIFIED = (
    "not here",
    "incomplete",
    "here, not verified",
    "changed since it was verified",
    "another file",
    "verified",
)
"""States of a file or of several together."""
SHORT = 12  # digits of a revision


def engine_rows(table: Mapping[str, EngineSpec] = ENGINES) -> list[Row]:
    """Table of the engines, after the headings."""
    rows: list[Row] = [("engine", "needs", "size", "weights", "at work", "licence", "why")]
    lock = Lock.read()
    for spec in table.values():
        needs = f"{spec.memory_gb:g} GB of GPU memory" if spec.memory_gb else "any CPU"
        own, parts = project_files(spec.base.repo), parts_of(spec)
        size = sum(row.size for row in own) + sum(part_size(part, lock) for part in parts)
        states = [*(file_state(row, lock) for row in own), *(part_state(part, lock) for part in parts)]
        rows.append(
            (
                spec.id,
                needs,
                human_size(size),
                combined_state(states),
                spec.commercial_use,
                spec.licence,
                spec.commercial_reason,
            )
        )
    return rows


def file_rows(table: Mapping[str, EngineSpec] = ENGINES) -> list[Row]:
    """Table of all weight files, after the headings; a file of several engines stands there once."""
    rows: list[Row] = [("engine", "file", "size", "weights", "from", "licence", "what for")]
    lock = Lock.read()
    for row, engines in _engines_by_file(table).items():
        origin = row.origin
        state = file_state(row, lock)
        rows.append((engines, row.path, human_size(row.size), state, _label(row), origin.licence, row.purpose))
    return rows


def is_downloaded(spec: EngineSpec) -> bool:
    """True if every file that an engine loads is here, its recogniser among them; nothing is hashed.

    Files that came otherwise than by `weights.fetch` count, too, as far as the weight table knows them.
    """
    if not (parts := parts_of(spec)):
        return True  # it comes with the project
    lock = Lock.read()
    return all(exists(row) for row in face_files(spec)) and all(_is_here(part, lock) for part in parts)


def face_files(spec: EngineSpec) -> list[WeightFile]:
    """Rows of the detectors and recognisers that a run with an engine loads."""
    names = (name for recogniser in (spec.recogniser, spec.judge) for name in RECOGNISERS[recogniser].files)
    return [weight_table.face_model(name) for name in dict.fromkeys(names)]


def part_state(part: Part, lock: Lock) -> str:
    """State of a part of an engine."""
    keys = lock.keys_of(part)
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


def part_size(part: Part, lock: Lock) -> int:
    """Bytes of a part: exact once it is here, else of the files that the table knows."""
    return sum(lock.files[key].size for key in lock.keys_of(part)) or sum(row.size for row in rows_of(part))


def file_state(row: WeightFile, lock: Lock) -> str:
    """State of a file of the weight table. Files outside the hub's cache are hashed."""
    origin = row.origin
    if origin.kind != "hub":
        return VERIFIED if is_verified(row) else ANOTHER if exists(row) else NOT_HERE
    key = f"{origin.name}@{origin.revision}/{row.path}"
    if not path_of(key).exists():
        return NOT_HERE
    if key not in lock.files:
        return UNVERIFIED
    return VERIFIED if lock.has_known_stat(key) or lock.has_known_hash(key) else CHANGED


def combined_state(states: Sequence[str]) -> str:
    """State of several files or parts together."""
    if len(set(states)) == 1:
        return states[0]
    if CHANGED in states or ANOTHER in states:
        return CHANGED
    return INCOMPLETE if NOT_HERE in states or INCOMPLETE in states else UNVERIFIED


def _is_here(part: Part, lock: Lock) -> bool:
    """True if all files of a part exist: those in the lock file, or, without an entry there, those of the table."""
    if keys := lock.keys_of(part):
        return all(path_of(key).exists() for key in keys)
    source = part.source
    if source.revision is None:
        return False
    names = cached_names(source.repo, source.revision)
    if (
        source.weight_name is None
        and part.folder + ("model_index.json" if part.is_pipeline else "config.json") not in names
    ):
        return False
    here = [name for name in select_files(part, names) if name in names]
    found = {name for name in here if not name.endswith((".json", ".txt", ".jinja"))}
    return {Path(row.path).parent for row in rows_of(part)} <= {Path(name).parent for name in found}


def _engines_by_file(table: Mapping[str, EngineSpec]) -> dict[WeightFile, str]:
    """Rows of the weight table in the engines' order, each with the ids of those that load it."""
    engines: dict[WeightFile, list[str]] = {}
    for spec in table.values():
        rows = [*project_files(spec.base.repo), *(row for part in parts_of(spec) for row in rows_of(part))]
        rows += face_files(spec)
        for row in rows:
            engines.setdefault(row, []).append(spec.id)
    dressed = ", ".join(spec.id for spec in table.values() if spec.draws == "head")
    return (
        {row: ", ".join(ids) for row, ids in engines.items()}
        | dict.fromkeys((HEAD_PARSER, *PLATES.values()), dressed)
        | {PERSON_MASK: "all"}
    )


def _label(row: WeightFile) -> str:
    origin = row.origin
    if origin.kind == "project":
        return f"models/{origin.name}"
    if origin.kind == "package":
        return f"PyPI {origin.name} {origin.revision}"
    return f"{origin.name}@{origin.revision[:SHORT]}" if origin.revision else origin.name
