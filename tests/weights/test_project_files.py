"""Weights that come with the project: one bit off, cut short or missing, and nothing starts; the file is named."""

from pathlib import Path

import pytest
import torch

from pipelines.engine_table import ENGINES
from pipelines.engines import loading
from pipelines.errors import UserError
from pipelines.paths import MODELS
from pipelines.runtime import verified_files
from pipelines.runtime.verified_files import locate, read_verified
from pipelines.weight_table import HEAD_PARSER, PERSON_MASK, PLATES, PROJECT_FILES, WeightFile
from pipelines.weights import verify
from tests.support.project_copy import one_bit_flipped

WEIGHT_SUFFIXES = (".safetensors", ".onnx", ".plate")
DAMAGE = {"one bit flipped": one_bit_flipped, "cut short": lambda content: content[:-1], "empty": lambda _: b""}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models in which every file is a link to the project's."""
    for file in MODELS.rglob("*"):
        if file.is_file():
            link = tmp_path / file.relative_to(MODELS)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    monkeypatch.setattr(verified_files, "MODELS", tmp_path)
    return tmp_path


def damage(row: WeightFile, how: str) -> None:
    file = locate(row)
    content = file.read_bytes()
    file.unlink()  # the link
    file.write_bytes(DAMAGE[how](content))


def test_every_weight_in_the_folder_has_a_row() -> None:
    there = {file for file in MODELS.rglob("*") if file.suffix in WEIGHT_SUFFIXES}
    assert there == {locate(row) for row in PROJECT_FILES}


def test_the_project_s_own_weights_are_in_order(models: Path) -> None:
    verify.verify_project_files()


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("row", PROJECT_FILES, ids=lambda row: row.path)
def test_a_damaged_weight_is_named_before_anything_is_loaded(row: WeightFile, how: str, models: Path) -> None:
    damage(row, how)
    with pytest.raises(UserError) as refused:
        verify.verify_project_files()
    assert str(locate(row)) in str(refused.value) and "is not the file this program was built with" in str(
        refused.value
    )


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize("row", PROJECT_FILES, ids=lambda row: row.path)
def test_a_missing_weight_is_named(row: WeightFile, models: Path) -> None:
    locate(row).unlink()
    with pytest.raises(UserError) as refused:
        verify.verify_project_files()
    assert str(refused.value).startswith(f"The model file {row.name} cannot be read at {locate(row)}.")


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize("row", [PERSON_MASK, HEAD_PARSER, *PLATES.values()], ids=lambda row: row.path)
def test_nets_and_plates_are_opened_from_the_bytes_that_were_hashed(row: WeightFile, models: Path) -> None:
    damage(row, "one bit flipped")
    with pytest.raises(UserError, match="is not the file this program was built with"):
        read_verified(row)


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize("row", [r for r in PROJECT_FILES if r.origin.name == "builtin"], ids=lambda row: row.path)
def test_the_engine_hashes_its_weights_again_when_it_is_loaded(row: WeightFile, models: Path) -> None:
    damage(row, "one bit flipped")
    with pytest.raises(UserError, match="is not the file this program was built with"):
        loading.load_pipeline(ENGINES["builtin"], torch.float32)


@pytest.mark.scorecard("R18", cases=0)
@pytest.mark.slow
def test_without_the_hashes_one_bit_is_never_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same damage, and the loader has nothing to say."""
    from safetensors.torch import load_file

    (row,) = (row for row in PROJECT_FILES if row.path.startswith("unet/"))
    file = tmp_path / "unet.safetensors"
    file.write_bytes(one_bit_flipped(locate(row).read_bytes()))
    ours, theirs = load_file(locate(row)), load_file(file)
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])]
    monkeypatch.setattr(verify, "is_verified", lambda row: True)
    verify.verify_project_files()
