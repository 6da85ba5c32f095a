"""Safety checker of engines whose pipeline has none: it sees the finished picture as Stable Diffusion 1.5's would."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.engine_spec import EngineSpec, Source
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.engines.safety_checker import SafetyChecker
from pipelines.errors import UserError
from pipelines.weights.parts import parts_of
from tests.support.tiny_engines import load

pytestmark = pytest.mark.slow


def test_every_picture_of_an_engine_with_free_words_is_checked() -> None:
    checked = [
        spec.id for spec in ENGINES.values() if spec.safety_checker is not None or "safety_checker" in spec.components
    ]
    assert checked == [engine_id for engine_id in ENGINES if engine_id != "builtin"]


@pytest.mark.parametrize("engine_id", [spec.id for spec in ENGINES.values() if spec.safety_checker])
def test_its_weights_come_with_the_engines(engine_id: str) -> None:
    (part,) = (part for part in parts_of(ENGINES[engine_id]) if "safety_checker" in part.names)
    assert part.source.repo == "CompVis/stable-diffusion-safety-checker"


@pytest.fixture
def checker(tiny_rows: Callable[[str], EngineSpec]) -> SafetyChecker:
    source = tiny_rows("sdxl").safety_checker
    assert source is not None
    return SafetyChecker.load(source)


def test_each_picture_of_a_batch_is_judged_by_itself_as_in_the_pipeline_of_sd15(
    checker: SafetyChecker, tiny_engines: Callable[[str], Engine]
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 80, 64, 3), np.uint8)
    pictures[::2] //= 4
    pipeline = tiny_engines("sd15").pipeline
    before = pictures.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "safety_checker", checker.model)
        found = set()
        for limit in np.linspace(-0.5, 0.5, 41):  # somewhere between all and none are above it
            checker.model.concept_embeds_weights.data.fill_(float(limit))
            _, theirs = pipeline.run_safety_checker(
                pictures.astype(np.float32) / 255, torch.device("cpu"), torch.float32
            )
            assert checker.withheld(pictures) == [bool(flag) for flag in theirs]
            found.add(sum(theirs))
    assert {0, 6} < found
    assert np.array_equal(pictures, before)


def test_an_engine_without_its_checker_does_not_draw(tiny_rows: Callable[[str], EngineSpec], tmp_path: Path) -> None:
    row = dataclasses.replace(tiny_rows("sdxl"), safety_checker=Source(repo=str(tmp_path / "nothing")))
    with pytest.raises(UserError, match="Stable Diffusion XL"):
        load(row)
