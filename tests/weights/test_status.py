"""Lists of weights, the table behind them, and the command that prints and fetches them."""

import hashlib
from pathlib import Path

import pytest

from pipelines import cli as cli
from pipelines import weight_table
from pipelines.engine_table import ENGINES
from pipelines.paths import MODELS
from pipelines.runtime import verified_files
from pipelines.runtime.verified_files import locate
from pipelines.weight_table import FACE_MODELS, HUB_FILES, PROJECT_FILES, WeightFile
from pipelines.weights.parts import files_read, parts_of, rows_of
from pipelines.weights.status import combined_state, face_files, file_rows
from tests.support.simulated_hub import SimulatedHub

ROWS = (*PROJECT_FILES, *FACE_MODELS.values(), *HUB_FILES.values())
SETTINGS = {".json", ".md", ".txt"}
"""Suffixes of files in models/ that are no weights."""


def test_every_file_of_the_models_folder_has_a_row_with_its_size_and_hash() -> None:
    files = {file for file in MODELS.rglob("*") if file.is_file() and file.suffix not in SETTINGS}
    rows = {locate(row): row for row in PROJECT_FILES}
    assert {str(file.relative_to(MODELS)) for file in files} == {str(path.relative_to(MODELS)) for path in rows}
    for file, row in rows.items():
        there = (file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())
        assert (row.size, row.sha256) == there, f"new weights? then pipelines/weight_table.py wants this of {file}"


def test_every_row_says_where_it_is_from_what_it_is_for_and_under_which_licence() -> None:
    assert len({(row.origin.name, row.path) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.purpose and row.origin.licence and row.origin.name and row.size > 0
        assert row.sha256 is None or len(bytes.fromhex(row.sha256)) == 32
        assert (row.sha256 and row.size_is_exact) or row.origin.kind == "hub"
        if row.origin.kind == "hub":
            assert row.origin.revision is not None and len(bytes.fromhex(row.origin.revision)) == 20


def test_whatever_an_engine_loads_has_rows_of_its_revision_and_every_row_is_loaded() -> None:
    loaded: set[WeightFile] = set()
    for spec in ENGINES.values():
        for part in parts_of(spec):
            rows = rows_of(part)
            assert rows and {row.origin.revision for row in rows} == {part.source.revision}
            loaded |= {*rows}
        loaded |= {*face_files(spec)}
    assert loaded >= {*HUB_FILES.values()}
    assert {*ROWS} == loaded | {*PROJECT_FILES, *FACE_MODELS.values()}


def test_everything_is_listed_with_size_origin_licence_purpose_and_whether_it_is_here(
    server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weight_table, "HUB_FILES", HUB_FILES)
    assert cli.main(["weights"]) == 0
    printed = capsys.readouterr().out
    for spec in ENGINES.values():
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{spec.id} ") and spec.licence in line]
        assert f"  {spec.commercial_use}  " in line and line.endswith(spec.commercial_reason)
        for part in parts_of(spec):
            for row in rows_of(part):
                (line,) = [
                    line
                    for line in printed.splitlines()
                    if f" {row.path} " in line and f" {row.origin.name}@{str(part.source.revision)[:12]} " in line
                ]
                assert spec.id in line.split("  ")[0].split(", ")
                assert row.origin.licence in line and row.purpose in line and " not here " in line
    for row in (*weight_table.FACE_MODELS.values(), *PROJECT_FILES):
        (line,) = [
            line
            for line in printed.splitlines()
            if f" {row.path} " in line and (row.origin.name in line.replace(f" {row.path} ", " "))
        ]
        assert row.origin.licence in line and row.purpose in line
        assert ("verified" in line) == (row.origin.kind != "archive")
    assert server.log == []


def test_a_file_of_the_project_that_is_another_is_listed_so(
    server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(verified_files, "MODELS", tmp_path)
    path = tmp_path / "selfie_segmentation" / "model.onnx"
    path.parent.mkdir()
    path.write_bytes(b"another net")
    states = {(row[1], row[4]): row[3] for row in file_rows()[1:]}
    assert states["model.onnx", "models/selfie_segmentation"] == "another file"
    assert states["vae/diffusion_pytorch_model.safetensors", "models/builtin"] == "not here"


@pytest.mark.parametrize(
    ("states", "together"),
    [
        (["verified", "verified"], "verified"),
        (["not here", "not here"], "not here"),
        (["verified", "not here"], "incomplete"),
        (["verified", "here, not verified"], "here, not verified"),
        (["not here", "verified", "another file"], "changed since it was verified"),
    ],
)
def test_several_states_are_one_together(states: list[str], together: str) -> None:
    assert combined_state(states) == together


def test_only_what_a_pipeline_reads_is_chosen() -> None:
    def chosen(names: list[str], variant: str | None = None) -> set[str]:
        return set(files_read("unet/", [f"unet/{name}" for name in names], variant))

    def inside(*names: str) -> set[str]:
        return {f"unet/{name}" for name in names}

    shards = [f"diffusion_pytorch_model-0000{k}-of-00002.safetensors" for k in (1, 2)]
    index, half = "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.fp16.safetensors"
    assert chosen(["config.json", *shards, index, half], "fp16") == inside("config.json", half)
    assert chosen(["config.json", *shards, index, half]) == inside("config.json", *shards, index)
    assert chosen(["model.safetensors", "model.fp16.safetensors", "pytorch_model.bin"]) == inside("model.safetensors")
    assert chosen(["model.safetensors", "pytorch_model.bin"], "fp16") == inside("model.safetensors")
    assert chosen(["config.json", "pytorch_model.bin", "flax_model.msgpack"]) == inside(
        "config.json", "pytorch_model.bin"
    )
    assert chosen(["chat_template.jinja", "page.html.jinja2"]) == inside("chat_template.jinja")
    assert chosen(["vocab.json", "merges.txt", "deeper/config.json", ".hidden.json"]) == inside(
        "vocab.json", "merges.txt"
    )


@pytest.mark.parametrize("words", [["fetch"], ["fetch", "sd3"], ["remove", "sd15"], ["fetch", "sd15", "sdxl"]])
def test_a_command_that_is_not_there_names_those_that_are(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", *words]) == 2
    assert capsys.readouterr().err == (
        "Write: python -m pipelines weights, to see what is here, or: python -m pipelines weights fetch ENGINE, with "
        f"one of: {', '.join(ENGINES)}; add --dry-run to see what would come, and how large it is.\n"
    )


def test_the_builtin_engine_needs_no_fetching(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", "fetch", "builtin"]) == 0
    assert capsys.readouterr().err == "Built-in comes with the project: there is nothing to fetch.\n"


def test_no_face_model_of_insightface_is_listed_with_the_engine_for_work() -> None:
    engines = {row[1]: row[0].split(", ") for row in file_rows()[1:]}
    assert "flux2-klein" in engines["models/dlib_face_recognition_resnet_model_v1.dat"]
    assert engines["model/w600k_mbf.onnx"] == [name for name in ENGINES if name != "flux2-klein"]
