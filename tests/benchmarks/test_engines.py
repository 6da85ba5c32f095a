"""The benchmark of the large engines, as far as it goes on tiny weights and without a GPU."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchmarks.common.random_checkpoints.klein import FULL_KLEIN, TINY_KLEIN, klein_parts
from benchmarks.common.random_checkpoints.sizes import SIDE, TINY
from benchmarks.engines import __main__ as engines
from benchmarks.engines import full_size, real, throughput
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines import placement
from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.faces import models
from pipelines.runtime.memory import OutOfMemory
from pipelines.weight_table import hub_files

pytestmark = pytest.mark.slow


def test_batches_grow_while_they_pay() -> None:
    seconds = {1: 2.0, 2: 3.0, 4: 5.0, 8: 12.0, 16: 1.0}
    figures = throughput.batches(lambda count: lambda: seconds[count], lambda run: run())
    assert (figures["seconds"], figures["best_batch"], figures["per_minute"]) == (2.0, 4, 48.0)


def test_batches_grow_while_they_fit() -> None:
    def run(count: int) -> Any:
        if count == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return lambda: 1.0

    figures = throughput.batches(run, lambda run: run())
    assert (figures["best_batch"], figures["too_large_batch"], figures["per_minute"]) == (2, 4, 120.0)
    with pytest.raises(RuntimeError, match="another error"):
        throughput.batches(lambda count: raising(RuntimeError("another error")), lambda run: run())


def raising(error: Exception) -> Any:
    raise error


ON_RANDOM = pytest.mark.parametrize("engine_id", engines.ON_RANDOM)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Folder for checkpoints, which are tiny instead of as large as published, as are pictures and numbers of steps."""
    quick = {
        k: replace(row, sizes=dict.fromkeys(row.sizes, (SIDE, SIDE)), defaults=replace(row.defaults, steps=2))
        for k, row in ENGINES.items()
    }
    monkeypatch.setattr(full_size, "ENGINES", quick)
    monkeypatch.setattr(engines, "ENGINES", quick)
    monkeypatch.setattr(full_size, "FULL", TINY)
    monkeypatch.setattr(full_size, "FULL_KLEIN", TINY_KLEIN)
    monkeypatch.setattr(full_size, "SPACE_STEPS", 4)
    monkeypatch.setattr(throughput, "LARGEST_BATCH", 2)
    for module in (throughput, engines):
        monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)
    return tmp_path


@ON_RANDOM
def test_every_figure_of_the_gpu_is_measured_on_every_engine(engine_id: str, tiny: Path) -> None:
    engines.run_mode("write", engine_id, tiny)
    figures = engines.run_mode("gpu", engine_id, tiny)
    of_all = {"seconds", "bare_seconds", "ratio_to_bare_diffusers", "peak_memory_gb", "per_minute", "best_batch"}
    assert of_all <= figures.keys()
    assert ("thirty_ddim_seconds" in figures) == (engine_id in ("sd15", "sdxl"))
    assert ("both_passes_seconds" in figures) == (engine_id in ("sd15", "sd15-lcm"))
    assert figures["best_batch"] in (1, 2) and figures["per_minute"] >= 60 / figures["seconds"]


@ON_RANDOM
def test_bare_diffusers_draws_the_same_picture_by_its_own_class(engine_id: str, tiny: Path) -> None:
    """Otherwise something else would be compared."""
    full_size.write([engine_id], tiny)
    engine = full_size.load(engine_id, tiny, torch.float32)
    condition = full_size.people(engine, 1)[0].condition
    settings = full_size.one_pass(engine)
    ours = engine.generate(condition, full_size.WORDS, settings, full_size.SEED)
    assert type(full_size.stock_pipeline(engine)).__module__.startswith("diffusers.")
    theirs = full_size.bare_diffusers(engine, condition, settings)()
    assert abs((theirs * 255).round() - ours).max() <= 1


def test_every_engine_of_a_base_has_an_outcome_of_its_own(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_fresh", lambda mode, ids, folder: engines.run_mode(mode, ids, Path(folder)))
    outcomes = engines.measure(full_size.rows_of("sd15"), gpu=False)
    assert list(outcomes) == ["engines_cpu_sd15", "engines_cpu_sd15-lcm"]
    for outcome in outcomes.values():
        assert {"seconds", "ratio_to_bare_diffusers", "peak_memory_gb"} <= outcome.figures.keys()
        assert outcome.figures["both_passes_seconds"] > 0
    names = [[bar.name for bar in outcome.bars] for outcome in outcomes.values()]
    assert names == [
        ["sd15: our path / bare diffusers"],
        ["sd15-lcm: our path / bare diffusers", "sd15-lcm: times as fast as 30 DDIM steps"],
    ]


def test_an_engine_that_memory_cannot_hold_is_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 7.0)
    measured: list[str] = []

    def measure(engine_ids: list[str], *, gpu: bool) -> dict[str, Any]:
        measured.extend(engine_ids)
        return {}

    monkeypatch.setattr(engines, "measure", measure)
    assert engines.main(["--no-record"]) == 0
    assert measured == ["sd15", "sd15-lcm"]
    assert "sdxl: not measured. Stable Diffusion XL wants 15.2 GB of memory" in capsys.readouterr().out
    measured.clear()
    assert engines.main(["--no-record", "--engine", "sd15-lcm", "--engine", "sdxl"]) == 0
    assert measured == ["sd15-lcm"] and "sdxl-lcm" not in capsys.readouterr().out


def test_kleins_checkpoint_is_as_large_as_published() -> None:
    with torch.device("meta"):
        parts = klein_parts(FULL_KLEIN, 0)
    for name, model in parts.items():
        published = sum(row.size for row in hub_files(ENGINES["flux2-klein"].base.repo) if row.path.startswith(name))
        assert 2 * sum(p.numel() for p in model.parameters()) == pytest.approx(published, rel=0.002), name


def test_without_a_gpu_its_part_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as left:
        engines.main(["--gpu"])
    assert left.value.code != 0 and "There is no CUDA GPU here." in capsys.readouterr().err


# With real weights


@pytest.fixture
def tiny_and_here(
    monkeypatch: pytest.MonkeyPatch, tiny_rows: Callable[[str], EngineSpec], tiny_engines: Callable[[str], Engine]
) -> None:
    """The engines' weights are here, only tiny; w600k_mbf stands for the recognisers that are not."""
    rows = {name: tiny_rows(name) for name in engines.MEASURABLE}
    monkeypatch.setattr(real, "is_downloaded", lambda spec: spec.id != "sdxl")
    monkeypatch.setattr(real, "Engine", SimpleNamespace(load=tiny_engines))
    mbf = models.FACE_MODELS["w600k_mbf"]
    monkeypatch.setattr(models, "FACE_MODELS", {**models.FACE_MODELS, "w600k_r50": mbf, "glintr100": mbf})
    quick = {k: replace(row, defaults=replace(row.defaults, steps=1)) for k, row in rows.items()}
    for name in ("sd15", "sdxl-instantid"):
        monkeypatch.setattr(tiny_engines(name), "spec", quick[name])


@pytest.mark.usefixtures("tiny_and_here")
def test_with_real_weights_every_variant_is_drawn_and_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """dlib sees no face in what random weights draw, so that a picture's colours stand for its descriptor."""
    monkeypatch.setattr(real.DlibJudge, "describe", lambda _, picture: picture.mean((0, 1)) / 255)
    assert engines.main(["--real", "--people", "2", "--json", str(tmp_path / "all.json")]) == 0
    printed = capsys.readouterr().out
    rows = [line.split("  ")[0] for line in printed.splitlines() if " of 4" in line]
    assert rows == ["bgr, direct", "bgr, area", "rgb, direct", "rgb, area", "direct", "area"]
    parts = json.loads((tmp_path / "all.json").read_text())["parts"]
    assert parts.keys() == {"engines_real_sd15", "engines_real_sdxl-instantid"}
    found = parts["engines_real_sd15"]["figures"]
    distances = [found[f"{name}_distance_to_portrait"] for name in ("bgr_direct", "bgr_area", "rgb_direct", "rgb_area")]
    assert len(set(distances)) == 4  # each variant does draw something else
    assert "±" in printed and "Stable Diffusion XL, InstantID" in printed


@pytest.mark.usefixtures("tiny_and_here")
def test_pictures_without_a_face_are_counted_and_the_row_is_put_back(
    tiny_engines: Callable[[str], Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    before = tiny_engines("sd15").spec
    assert engines.main(["--real", "--engine", "sd15", "--people", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("0 of 2") == 4 and "too few people with a face" in printed
    assert tiny_engines("sd15").spec is before


@pytest.mark.usefixtures("tiny_and_here")
def test_a_withheld_picture_costs_no_other_and_one_engine_makes_room_for_the_next(
    tiny_engines: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order: list[str] = []

    def load(engine_id: str) -> Engine:
        order.append(engine_id)
        return tiny_engines(engine_id)

    monkeypatch.setattr(real, "Engine", SimpleNamespace(load=load))
    monkeypatch.setattr(real, "free_memory", lambda: order.append("free"))
    monkeypatch.setattr(real.DlibJudge, "describe", lambda _, picture: picture.mean((0, 1)) / 255)
    sd15 = tiny_engines("sd15")
    draw, calls = sd15.generate, iter(range(100))

    def generate(*args: Any) -> Any:
        if next(calls) == 1:
            raise UserError("The safety checker withheld this picture.")
        return draw(*args)

    monkeypatch.setattr(sd15, "generate", generate)
    assert engines.main(["--real", "--people", "1"]) == 0
    lost = [cells[4] for line in capsys.readouterr().out.splitlines() if len(cells := re.split(" {2,}", line)) > 5]
    assert lost == ["lost or no face", "1", "0", "0", "0", "lost or no face", "0", "0"] and next(calls) == 8
    assert order == ["free", "sd15", "free", "sdxl-instantid"]


@pytest.mark.usefixtures("tiny_and_here")
def test_out_of_memory_is_not_taken_for_a_lost_picture(
    tiny_engines: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(*_: Any) -> Any:
        raise OutOfMemory("There was not enough memory for this.")

    monkeypatch.setattr(tiny_engines("sd15"), "generate", generate)
    with pytest.raises(OutOfMemory):
        engines.main(["--real", "--engine", "sd15", "--people", "1"])


def test_without_any_weights_it_says_how(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(real, "is_downloaded", lambda _: False)
    assert engines.main(["--real"]) == 2
    printed = capsys.readouterr().out
    assert "python -m pipelines weights fetch sd15\n" in printed and "--real --engine sd15" in printed


def test_the_engines_on_offer_are_those_whose_fields_matter() -> None:
    able = [spec.id for spec in ENGINES.values() if len(real.variants(spec)) > 1 and spec.few_step_lora is None]
    assert able == [*engines.MEASURABLE]
    for engine_id in engines.MEASURABLE:
        first = next(iter(real.variants(ENGINES[engine_id]).values()))
        spec = ENGINES[engine_id]
        assert first == {"clip_colours": spec.clip_colours, "embedding_sampling": spec.embedding_sampling}


def test_a_difference_is_called_one_only_where_people_agree_on_it() -> None:
    def measured(*distances: float) -> real.Measured:
        people = {str(k): [d] for k, d in enumerate(distances)}
        return real.Measured(name="x", to_selfie=people, to_portrait=people)

    usual = measured(0.5, 0.6, 0.4)
    assert real.verdict(usual, measured(0.4, 0.5, 0.31)).endswith(": better")
    assert real.verdict(usual, measured(0.6, 0.7, 0.49)).endswith(": worse")
    assert real.verdict(usual, measured(0.4, 0.7, 0.4)).endswith(": no sure difference")
