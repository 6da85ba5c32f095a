"""README's table of the engines, from the engine table, the weight table and the recorded figures.

It takes whatever rows the engine table has. `tools.write_figures` puts it into a block of the name "engines".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.weight_table import project_files
from pipelines.weights.parts import parts_of, rows_of
from pipelines.weights.sizes import human_size
from pipelines.weights.status import face_files

Entries = Mapping[str, Mapping[str, Any]]

HEADS = ("engine", "what it is", "licence", "size", "memory", "a picture takes")
LICENCES = {"yes": "free", "no": "non-commercial", "ask": "conditional"}
"""Word for each answer to whether its pictures may be used at work."""
NOT_MEASURED = "not measured"
BUILTIN_SPEED = "speed"
"""Entry of `benchmarks.speed`, which measures the built-in engine."""
RECORDS = ("engines_gpu_{}", "engines_cpu_{}")
"""Entries of `benchmarks.engines` that hold another engine's `seconds`, the one that is taken first."""


def engines_table(
    entries: Entries, engines: Mapping[str, EngineSpec] = ENGINES
) -> tuple[list[Sequence[str]], list[str]]:
    """Make the table's rows, the heads first, and list the names of the entries that their figures are from.

    Args:
        entries: of `benchmarks/figures.json`.
        engines: rows of the engine table by id.
    """
    sources = [name for spec in engines.values() if (name := _entry(spec, entries))]
    return [HEADS, *(_row(spec, entries) for spec in engines.values())], sources


def _row(spec: EngineSpec, entries: Entries) -> Sequence[str]:
    use = LICENCES[spec.commercial_use]
    return f"`{spec.id}`", spec.about, use, _size(spec), _memory(spec, entries), _speed(spec, entries)


def _size(spec: EngineSpec) -> str:
    """Bytes of all weights that a run with this engine loads, settings files left out."""
    own = project_files(spec.base.repo)
    files = dict.fromkeys([*own, *(row for part in parts_of(spec) for row in rows_of(part)), *face_files(spec)])
    return human_size(sum(row.size for row in files)) + (", no hub needed" if own else "")


def _memory(spec: EngineSpec, entries: Entries) -> str:
    if spec.memory_gb:
        return f"{spec.memory_gb:g} GB of GPU memory, slower with less"
    return f"{entries[BUILTIN_SPEED]['figures']['peak_memory_gb']:.1f} GB, any CPU"


def _entry(spec: EngineSpec, entries: Entries) -> str | None:
    """Name of the entry that holds the speed of an engine; None if it was not measured."""
    if not spec.memory_gb:
        return BUILTIN_SPEED
    names = (name.format(spec.id) for name in RECORDS)
    return next((name for name in names if "seconds" in entries.get(name, {}).get("figures", {})), None)


def _speed(spec: EngineSpec, entries: Entries) -> str:
    if (name := _entry(spec, entries)) is None:
        return NOT_MEASURED
    figures = entries[name]["figures"]
    if name == BUILTIN_SPEED:
        return f"{figures['further_headshot_seconds_median']:.1f} s on the CPU, finished"
    where = "a GPU" if name.startswith("engines_gpu") else "the CPU"
    if spec.second_pass is None:
        return f"{_seconds(figures['seconds'])} on {where}"
    if "both_passes_seconds" not in figures:
        return f"{_seconds(figures['seconds'])} on {where}, the first of two passes, square"
    both = f"{_seconds(figures['both_passes_seconds'])} on {where}"
    return f"{both}, {_seconds(figures['seconds'])} without the second pass, square"


def _seconds(value: float) -> str:
    """Seconds with two digits that count, and never as a power of ten."""
    return f"{float(f'{value:.2g}'):g} s"
