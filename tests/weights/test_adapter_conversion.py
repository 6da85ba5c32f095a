"""The pickled adapter and InsightFace's archive: what of them is let in."""

import dataclasses
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.runtime.verified_files import is_verified, locate
from pipelines.weight_table import WeightFile
from pipelines.weights import hub_cache, verify
from pipelines.weights.fetch import fetch
from pipelines.weights.lock import Lock
from tests.support.published_engine import FACE, REVISION
from tests.support.published_weights import archive, pickled, refusal, states
from tests.support.simulated_hub import SimulatedHub


def test_the_pickled_adapter_becomes_safetensors_with_equal_tensors_and_both_hashes(spec: EngineSpec) -> None:
    fetch(spec)
    pickle = hub_cache.cached_path("some/adapter", REVISION, "adapter.bin")
    safe = pickle.with_suffix(".safetensors")
    tensors = load_file(safe)
    original = torch.load(pickle, weights_only=True)
    flat = {f"{part}.{key}": tensor for part, inner in original.items() for key, tensor in inner.items()}
    assert tensors.keys() == flat.keys()
    for key, tensor in flat.items():
        assert tensors[key].dtype == tensor.dtype and torch.equal(tensors[key], tensor)
    record = Lock.read().files[f"some/adapter@{REVISION}/adapter.safetensors"]
    assert record.sha256 == hashlib.sha256(safe.read_bytes()).hexdigest()
    assert record.made_from == hashlib.sha256(pickle.read_bytes()).hexdigest()
    assert verify.safe_copy(spec.adapter_source) == "adapter.safetensors"


def test_a_damaged_safetensors_file_is_made_again_without_a_network(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    safe = hub_cache.cached_path("some/adapter", REVISION, "adapter.safetensors")
    before = safe.read_bytes()
    safe.write_bytes(b"damaged")
    server.log.clear()
    fetch(spec)
    assert safe.read_bytes() == before and server.log == []


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("the pickle was run",)


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize(
    "content", [pickled({"image_proj": Malicious(), "ip_adapter": {}}), pickled({"other": {}}), b"no pickle at all"]
)
def test_a_pickle_that_is_no_adapter_is_not_opened(spec: EngineSpec, server: SimulatedHub, content: bytes) -> None:
    server.repos["some/adapter"][1]["adapter.bin"] = content
    assert refusal(spec).startswith("adapter.bin is not an identity adapter, or holds more than weights, and was not")
    assert verify.safe_copy(spec.adapter_source) is None and states(spec) == {"verified", "incomplete"}


# The recogniser


def test_of_insightfaces_archive_only_the_recogniser_is_kept(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path, face: WeightFile
) -> None:
    server.cut["buffalo_l.zip"] = [10]
    fetch(spec)
    assert is_verified(face)
    assert [file.name for file in (tmp_path / "insightface").rglob("*") if file.is_file()] == [face.name]


@pytest.mark.parametrize(
    "files", [{"w600k_r50.onnx": FACE[::-1]}, {"w600k_r50.onnx": FACE + FACE}, {"another.onnx": FACE}, None]
)
def test_another_archive_is_refused(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path, files: dict[str, bytes] | None
) -> None:
    server.site["buffalo_l.zip"] = archive(files) if files else b"not an archive"
    said = refusal(spec)
    assert "is damaged or holds another w600k_r50.onnx, and was deleted. Try again later" in said
    assert [file for file in (tmp_path / "insightface").rglob("*") if file.is_file()] == []


def test_an_archive_with_another_hash_than_the_tables_is_not_even_opened(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = weight_table.FACE_MODELS["w600k_r50"]
    known = dataclasses.replace(face, origin=dataclasses.replace(face.origin, sha256="0" * 64))
    monkeypatch.setattr(weight_table, "FACE_MODELS", {**weight_table.FACE_MODELS, "w600k_r50": known})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was opened"))
    assert "is damaged or holds another w600k_r50.onnx" in refusal(spec)


def test_an_archive_whose_file_is_too_large_is_not_unpacked(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site["buffalo_l.zip"] = archive({"w600k_r50.onnx": bytes(10_000_000)})
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    assert "is damaged or holds another w600k_r50.onnx" in refusal(spec)


def test_without_the_archive_the_command_is_said_and_a_file_put_there_is_taken(
    spec: EngineSpec, server: SimulatedHub, face: WeightFile
) -> None:
    del server.site["buffalo_l.zip"]
    said = refusal(spec)
    assert said.startswith("All else for Stable Diffusion 1.5 is here, but w600k_r50.onnx could not be had from http")
    assert "try again later with: python -m pipelines weights fetch sd15, or choose the built-in engine." in said
    locate(face).parent.mkdir(parents=True)
    locate(face).write_bytes(FACE)
    server.log.clear()
    fetch(spec)
    assert server.log == []
