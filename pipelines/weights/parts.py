"""Parts: the sources that an engine's row loads from the hub, and which files of them are read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from pipelines.engine_spec import EngineSpec, Source
from pipelines.weight_table import WeightFile, hub_files

_SETTINGS = re.compile(r"(?!.*\.index\.)[\w-]+(\.[\w-]+)*\.(json|txt|jinja)")
_WEIGHTS = r"(diffusion_pytorch_model|pytorch_model|model){variant}(?P<shard>-\d{{5}}-of-\d{{5}})?\.{suffix}"
_INDEX = r"(diffusion_pytorch_model|pytorch_model|model)\.{suffix}\.index{variant}\.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Source of a row, with the names of everything in the row that is loaded from it."""

    names: tuple[str, ...]
    source: Source
    without: tuple[str, ...] = ()
    """Folders of a whole pipeline that the row replaces or leaves out."""

    @property
    def name(self) -> str:
        """Name for people."""
        return self.source.weight_name or ", ".join(self.names)

    @property
    def key(self) -> str:
        """Name in the lock file: the same for all engines that load the same."""
        without = f" without {', '.join(self.without)}" if self.without else ""
        return f"{self.source.repo}/{self.folder}{self.source.weight_name or ''}{without}"

    @property
    def is_pipeline(self) -> bool:
        """True for a folder of folders, with a `model_index.json`."""
        return "base" in self.names

    @property
    def folder(self) -> str:
        """Prefix of its files' paths in the repo: "" or "folder/"."""
        return f"{self.source.subfolder}/" if self.source.subfolder else ""


def parts_of(spec: EngineSpec) -> list[Part]:
    """List everything that a row loads from the model hub; nothing for the built-in engine."""
    names: dict[Source, list[str]] = {}
    for name, source in _sources("", spec):
        if not Path(source.repo).is_absolute():
            names.setdefault(source, []).append(name)
    without = tuple(sorted({*spec.components, *(name for name, value in spec.options.items() if value is None)}))
    return [
        Part(names=tuple(of), source=source, without=without if source is spec.base else ())
        for source, of in names.items()
    ]


def rows_of(part: Part) -> list[WeightFile]:
    """Rows of the weight table that belong to a part."""
    rows = hub_files(part.source.repo)
    if part.source.weight_name:
        return [row for row in rows if row.path == part.folder + part.source.weight_name]
    inside = [row for row in rows if row.path.startswith(part.folder)]
    return [row for row in inside if row.path.partition("/")[0] not in part.without]


def select_files(part: Part, names: Sequence[str]) -> list[str]:
    """Select a part's files among the paths of its repo; one that a row names is selected even if it is not there."""
    source = part.source
    if source.weight_name:
        return [part.folder + source.weight_name]
    if not part.is_pipeline:
        return files_read(part.folder, names, source.variant)
    folders = sorted({name.partition("/")[0] for name in names if "/" in name} - {*part.without})
    chosen = [files_read(f"{folder}/", names, source.variant) for folder in folders]
    return ["model_index.json", *(name for of in chosen for name in of)]


def files_read(folder: str, names: Sequence[str], variant: str | None) -> list[str]:
    """Select the files in a folder that `from_pretrained` reads: settings, and weights in one format only.

    Args:
        folder: Prefix of the paths: "" or "folder/".
        names: All paths of the repo.
        variant: Kind of weights that is preferred, such as "fp16".
    """
    inside = [name.removeprefix(folder) for name in names if name.startswith(folder)]
    settings = [name for name in inside if _SETTINGS.fullmatch(name)]
    return [folder + name for name in [*settings, *_weights(inside, variant)]]


def _weights(names: Sequence[str], variant: str | None) -> list[str]:
    for suffix in ("safetensors", "bin"):
        for kind in dict.fromkeys([rf"\.{re.escape(variant)}" if variant else "", ""]):
            pattern = re.compile(_WEIGHTS.format(variant=kind, suffix=suffix))
            found = {name: match["shard"] for name in names if (match := pattern.fullmatch(name))}
            in_one_piece = [name for name, shard in found.items() if shard is None]
            if in_one_piece:
                return in_one_piece
            if found:
                index = re.compile(_INDEX.format(variant=kind, suffix=suffix))
                return [*found, *filter(index.fullmatch, names)]
    return []


def _sources(name: str, value: Any) -> Iterator[tuple[str, Source]]:
    """Every source in a row, wherever it stands, named after the innermost field or key that is no "source"."""
    if isinstance(value, Source):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _sources(key, inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _sources(name if field.name == "source" else field.name, getattr(value, field.name))
