"""Lock file: what was verified once stays verified, and what changed is not opened."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
from huggingface_hub import constants, snapshot_download

from pipelines.engine_spec import EngineSpec
from pipelines.errors import UserError
from pipelines.weights import hub_cache, verify
from pipelines.weights.fetch import fetch
from pipelines.weights.lock import Lock, lock_path
from pipelines.weights.parts import parts_of
from tests.support.published_engine import REVISION, WEIGHTS
from tests.support.published_weights import refusal, states, unet
from tests.support.simulated_hub import SimulatedHub


def test_what_could_not_be_known_beforehand_is_recorded(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    files = Lock.read().files
    for repo, (revision, content) in server.repos.items():
        for key, record in files.items():
            path = key.removeprefix(f"{repo}@{revision}/")
            if path in content:
                assert record.sha256 == hashlib.sha256(content[path]).hexdigest()
                assert record.size == len(content[path])
    assert len(files) == 7


@pytest.mark.scorecard("R18")
def test_a_file_that_changed_afterwards_is_neither_opened_nor_kept(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    verify.verify_unchanged(spec)
    file = unet(spec).resolve()
    file.write_bytes(WEIGHTS[::-1])
    assert "changed since it was verified" in states(spec)
    with pytest.raises(UserError, match=r"model\.safetensors of .* has changed since it was verified.*fetch sd15$"):
        verify.verify_unchanged(spec)
    fetch(spec)
    verify.verify_unchanged(spec)
    assert unet(spec).read_bytes() == WEIGHTS and states(spec) == {"verified"}


def test_a_touched_file_is_only_looked_at_again(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    unet(spec).resolve().touch()
    verify.verify_unchanged(spec)
    assert states(spec) == {"verified"}


@pytest.mark.parametrize("path", ["unet/config.json", "unet/diffusion_pytorch_model.safetensors"])
def test_another_file_under_the_same_name_is_refused_from_then_on(
    spec: EngineSpec, server: SimulatedHub, path: str
) -> None:
    fetch(spec)
    files = server.repos["some/base"][1]
    files[path] = files[path][::-1]
    hub_cache.cached_path("some/base", REVISION, path).unlink()
    assert states(spec) >= {"incomplete"}
    assert path in refusal(spec)
    assert not hub_cache.cached_path("some/base", REVISION, path).exists()


def test_the_lock_file_can_lie_elsewhere_and_a_damaged_one_is_said(
    spec: EngineSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSHOT_WEIGHTS_LOCK", str(tmp_path / "own" / "lock.json"))
    fetch(spec)
    assert json.loads((tmp_path / "own" / "lock.json").read_text())["parts"].keys() == {
        part.key for part in parts_of(spec)
    }
    for damaged in ("{", "[]", '{"files": {"x": {"y": 1}}, "parts": {}}'):
        lock_path().write_text(damaged)
        assert refusal(spec).startswith(f"The list of verified weights at {lock_path()} cannot be read. Delete it")


def test_a_source_without_a_pin_stays_at_the_revision_of_its_first_download(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    spec = dataclasses.replace(spec, adapter=dataclasses.replace(spec.adapter_source, revision=None))
    fetch(spec)
    assert snapshot_download("some/adapter", local_files_only=True, cache_dir=constants.HF_HUB_CACHE).endswith(REVISION)
    server.repos["some/adapter"] = ("f" * 40, {"adapter.bin": b"newer"})
    fetch(spec)
    assert (hub_cache.repo_folder("some/adapter") / "refs" / "main").read_text() == REVISION
