"""Dry run of a fetch: what is missing for an engine, its sizes, licences and places, by the tables alone.

Nothing is downloaded and no network is asked, so settings files, which the weight table leaves out, are not counted:
they are a few megabytes at most.
"""

import shutil
from pathlib import Path

from pipelines.engine_spec import EngineSpec
from pipelines.runtime.verified_files import locate
from pipelines.weight_table import WeightFile
from pipelines.weights.hub_cache import cached_path
from pipelines.weights.lock import Lock
from pipelines.weights.parts import parts_of, rows_of
from pipelines.weights.sizes import human_size
from pipelines.weights.status import ANOTHER, CHANGED, NOT_HERE, face_files, file_state, is_downloaded

Row = tuple[str, ...]


def missing_rows(spec: EngineSpec) -> list[Row]:
    """Table of the files that a fetch would bring, after the headings; the headings alone where nothing is missing."""
    rows: list[Row] = [("file", "size", "from", "licence", "goes to")]
    rows += [(row.path, _size(row), row.origin.name, row.origin.licence, str(_place(row))) for row in _on_hub(spec)]
    for row in _faces(spec):
        origin, size = row.origin, _size(row)
        if origin.kind == "archive":
            size += f" in {human_size(origin.size or 0)}"
        place = f"pip install {origin.name}=={origin.revision}" if origin.kind == "package" else str(_place(row))
        rows.append((row.path, size, origin.name, origin.licence, place))
    return rows


def missing_size(spec: EngineSpec) -> str:
    """Size of what a fetch of this engine would download; "" where everything is here."""
    if is_downloaded(spec):
        return ""
    missing = [*_on_hub(spec), *_faces(spec)]
    return human_size(sum(row.origin.size or row.size for row in missing))


def summary(spec: EngineSpec) -> str:
    """Sentence on the download as a whole and the room for it."""
    from huggingface_hub import constants

    missing = [*_on_hub(spec), *(row for row in _faces(spec) if row.origin.kind == "archive")]
    if not missing:
        return f"Everything that the table of weights lists for {spec.title} is here. Nothing was downloaded."
    download = sum(row.origin.size or row.size for row in missing)
    # adapters that come as pickles are kept as safetensors too, and an archive lies beside its file for a moment
    pickles = sum(row.size for row in missing if _becomes_safetensors(spec, row))
    unpacked = sum(row.size for row in missing if row.origin.kind == "archive")
    folder = Path(constants.HF_HUB_CACHE).expanduser()
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    return (
        f"{spec.title} would download about {human_size(download)} and take about "
        f"{human_size(download + pickles + unpacked)} of disk; {human_size(free)} are free. Nothing was downloaded."
    )


def _on_hub(spec: EngineSpec) -> list[WeightFile]:
    lock = Lock.read()
    rows = dict.fromkeys(row for part in parts_of(spec) for row in rows_of(part))
    return [row for row in rows if file_state(row, lock) in (NOT_HERE, CHANGED)]


def _faces(spec: EngineSpec) -> list[WeightFile]:
    lock = Lock.read()
    kinds = {"archive": (NOT_HERE, ANOTHER), "package": (NOT_HERE,)}
    return [row for row in face_files(spec) if file_state(row, lock) in kinds.get(row.origin.kind, ())]


def _place(row: WeightFile) -> Path:
    origin = row.origin
    if origin.kind == "hub":
        return cached_path(origin.name, str(origin.revision), row.path)
    return locate(row)


def _becomes_safetensors(spec: EngineSpec, row: WeightFile) -> bool:
    adapter = spec.adapter
    return adapter is not None and row.path.endswith(".bin") and row.name == adapter.weight_name


def _size(row: WeightFile) -> str:
    return human_size(row.size) if row.size_is_exact else f"about {human_size(row.size)}"
