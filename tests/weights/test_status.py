"""What the list says of the engines' weights, and the command that prints and fetches them."""

import pytest

from pipelines import cli as cli
from pipelines.engine_table import ENGINES
from pipelines.faces.models import FACE_MODELS
from pipelines.weights import hub
from pipelines.weights.known_files import KNOWN, LICENCES, parts
from tests.support.simulated_hub import SimulatedHub


def test_every_repo_has_a_licence_and_every_adapter_a_row() -> None:
    sources = [part.source for spec in ENGINES.values() for part in parts(spec)]
    assert {source.repo for source in sources} | {repo for repo, _ in KNOWN} <= set(LICENCES)
    assert {(source.repo, source.weight_name) for source in sources if source.weight_name} <= set(KNOWN)
    for row in KNOWN.values():
        assert row.size in (None, row.about)
        assert row.sha256 is None or len(bytes.fromhex(row.sha256)) == 32


def test_everything_is_listed_with_size_licence_origin_and_whether_it_is_here(
    server: SimulatedHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["weights"]) == 0
    printed = capsys.readouterr().out
    for spec in ENGINES.values():
        for part in parts(spec):
            (line,) = [
                line for line in printed.splitlines() if line.startswith(f"{spec.id} ") and f" {part.name} " in line
            ]
            assert f"{part.source.repo}@{str(part.source.revision)[:12]}" in line
            assert LICENCES[part.source.repo] in line and "not here" in line
    for model in FACE_MODELS.values():
        (line,) = [line for line in printed.splitlines() if f" {model.file} " in line]
        assert model.source in line and model.licence in line and ("verified" in line) == (model.pack is None)
    assert server.log == []


def test_only_what_a_pipeline_reads_is_chosen() -> None:
    def chosen(names: list[str], variant: str | None = None) -> set[str]:
        return set(hub.loaded_from("unet/", [f"unet/{name}" for name in names], variant))

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
    assert chosen(["vocab.json", "merges.txt", "deeper/config.json", ".hidden.json"]) == inside(
        "vocab.json", "merges.txt"
    )


@pytest.mark.parametrize("words", [["fetch"], ["fetch", "sd3"], ["remove", "sd15"], ["fetch", "sd15", "sdxl"]])
def test_a_command_that_is_not_there_names_those_that_are(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", *words]) == 2
    assert capsys.readouterr().err == (
        "Write: python -m pipelines weights, to see what is here, or: python -m pipelines weights fetch ENGINE, with "
        f"one of: {', '.join(ENGINES)}.\n"
    )


def test_the_builtin_engine_needs_no_fetching(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", "fetch", "builtin"]) == 0
    assert capsys.readouterr().err == "Built-in comes with the project: there is nothing to fetch.\n"
