"""Checks before an engine is loaded: its files are the ones that were verified, and its adapter is no pickle."""

from pathlib import Path

from pipelines.engine_spec import EngineSpec, Source
from pipelines.errors import UserError
from pipelines.runtime.verified_files import another_file, exists, is_verified, missing_file
from pipelines.weight_table import PROJECT_FILES, project_files
from pipelines.weights import texts
from pipelines.weights.hub_cache import cached_path
from pipelines.weights.lock import Lock, path_of
from pipelines.weights.parts import parts_of


def verify_unchanged(spec: EngineSpec) -> None:
    """Refuse files that are no longer the ones that were verified. Missing files are left to the loader.

    The project's own are hashed (100 MB, 0.1 to 0.3 s); downloads are hashed only where size or time differ from the
    lock file's.

    Raises:
        UserError: it names the first such file.
    """
    for row in project_files(Path(spec.base.repo)):
        if exists(row) and not is_verified(row):
            raise another_file(row)
    if not (parts := parts_of(spec)):
        return
    lock = Lock.read()
    for key in (key for part in parts for key in lock.keys_of(part)):
        if path_of(key).exists() and not lock.has_known_stat(key) and not lock.has_known_hash(key):
            raise UserError(
                texts.CHANGED.format(file=path_of(key).name, engine=spec.title, command=fetch_command(spec))
            )


def verify_project_files() -> None:
    """Refuse to start with a weight that is not the project's own: all in models/ are hashed (110 MB, 0.1 to 0.3 s).

    Raises:
        UserError: it names the first file that is missing, damaged or another.
    """
    for row in PROJECT_FILES:
        if not exists(row):
            raise missing_file(row)
        if not is_verified(row):
            raise another_file(row)


def fetch_command(spec: EngineSpec) -> str:
    """Command that brings an engine's files here, and checks those that are."""
    return f"python -m pipelines weights fetch {spec.id}"


def safe_copy(source: Source) -> str | None:
    """Name of the safetensors file that was made of an adapter's pickle, if there is one."""
    name = source.weight_name or ""
    if not name.endswith(".bin") or not source.revision:
        return None
    name = f"{name.removesuffix('.bin')}.safetensors"
    folder = f"{source.subfolder}/" if source.subfolder else ""
    return name if cached_path(source.repo, source.revision, folder + name).exists() else None
