"""Engine table: what a row names is there, though nothing imports it before an engine is loaded."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pipelines.engine_spec import EngineSpec, import_by_path
from pipelines.engine_table import ENGINES, engine_row
from pipelines.engines.adapters import FaceIDAdapter
from pipelines.errors import UserError
from pipelines.settings import SETTINGS, Settings
from pipelines.weights.parts import parts_of, rows_of
from pipelines.weights.status import face_files

PATH = re.compile(r"[A-Za-z_][\w.]*:\w+")


def paths(value: Any) -> Iterator[str]:
    """Every "module:name" in a row and the tables inside it."""
    if isinstance(value, str) and PATH.fullmatch(value):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from paths(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from paths(getattr(value, field.name))


@pytest.mark.slow
@pytest.mark.parametrize("spec", ENGINES.values(), ids=ENGINES)
def test_every_name_in_a_row_can_be_imported(spec: EngineSpec) -> None:
    named = list(paths(spec))
    assert len(named) >= 4 + len(spec.components)  # pipeline, adapter, preview, scheduler, and parts
    assert all(callable(import_by_path(path)) for path in named)
    assert issubclass(import_by_path(spec.adapter_class), FaceIDAdapter)


def test_a_name_that_is_not_there_is_found_by_that_test() -> None:
    spec = dataclasses.replace(ENGINES["builtin"], preview="pipelines.engines.previews:no_such_function")
    with pytest.raises(AttributeError, match="no_such_function"):
        [import_by_path(path) for path in paths(spec.preview)]


def test_an_engines_defaults_are_settings_that_a_request_may_have() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} == SETTINGS.keys() - {"seed"}
    for spec in ENGINES.values():
        for name, value in dataclasses.asdict(spec.defaults).items():
            assert SETTINGS[name].check(value) == value
            low, high = spec.usable.get(name, (SETTINGS[name].low, SETTINGS[name].high))
            assert SETTINGS[name].low <= low <= value <= high <= SETTINGS[name].high


def test_an_unknown_engine_is_a_sentence_with_those_there_are() -> None:
    with pytest.raises(UserError, match=r"^There is no engine called 'sd3'\. Choose one of: builtin, sd15, "):
        engine_row("sd3")


def test_every_engine_says_whether_it_is_for_work_as_its_weights_licences_do() -> None:
    for spec in ENGINES.values():
        assert spec.commercial_reason.endswith(".") and spec.unused_settings.keys() <= SETTINGS.keys()
        files = [*face_files(spec), *(row for part in parts_of(spec) for row in rows_of(part))]
        licences = [spec.licence, *(row.origin.licence for row in files)]
        if spec.commercial_use == "yes":
            assert not [one for one in licences if re.search("research|non-commercial|not stated", one, re.IGNORECASE)]
            assert all(any(free in one for free in ("Apache-2.0", "CC0", "MIT", "OpenRAIL")) for one in licences)
        else:
            assert "InsightFace" in spec.commercial_reason
    assert {spec.id for spec in ENGINES.values() if spec.commercial_use == "yes"} == {"flux2-klein"}
