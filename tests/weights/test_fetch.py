"""Fetching: the files that it brings, and engines that then need no network."""

import dataclasses
import hashlib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants, snapshot_download

from benchmarks.common.random_checkpoints.rows import sources
from pipelines import cli as cli
from pipelines.engine_spec import EngineSpec, Source
from pipelines.engine_table import ENGINES
from pipelines.engines import placement
from pipelines.engines.engine import Engine
from pipelines.weights import hub_cache
from pipelines.weights.fetch import fetch
from pipelines.weights.status import is_downloaded
from tests.support.published_engine import REVISION, WEIGHTS
from tests.support.published_weights import let_in, states
from tests.support.simulated_hub import SimulatedHub

pytestmark = pytest.mark.slow


@pytest.mark.scorecard("R18")
@pytest.mark.parametrize("engine_id", ["sd15", "sdxl-lcm"])
def test_an_engine_is_fetched_and_then_loads_and_is_checked_without_a_network(
    engine_id: str,
    server: SimulatedHub,
    tiny_rows: Callable[[str], EngineSpec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    published, row = ENGINES[engine_id], tiny_rows(engine_id)
    for source, local in zip(sources(published), sources(row), strict=True):
        server.add_folder(source.repo, str(source.revision), Path(local.repo))
    capsys.readouterr()
    assert cli.main(["weights", "fetch", engine_id]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{published.title} needs ") and "GB are free in" in said[0]
    assert said[0].endswith(f"Licence: {published.licence}.")
    assert said[1:] == [f"Everything for {published.title} is here and verified: from now on it needs no network."]
    assert states(published) == {"verified"}
    pickle = str(published.adapter_source.weight_name)
    assert {pickle, pickle.replace(".bin", ".safetensors")} <= let_in(tmp_path)
    own_vae = "vae/diffusion_pytorch_model" in " ".join(server.downloads())
    assert own_vae == ("vae" not in published.components)  # the base's, where the row has none
    assert list((tmp_path / "hub").rglob("*.incomplete")) == []

    def no_network(*_: object) -> None:
        raise OSError("there is no network")

    server.log.clear()
    monkeypatch.setattr(socket.socket, "connect", no_network)
    cached = hub_cache.cached_path(published.adapter_source.repo, str(published.adapter_source.revision), pickle)
    cached.rename(tmp_path / "kept.bin")
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)  # these weights are tiny
    engine = Engine.load(engine_id, dtype=torch.float32)
    assert engine.pipeline.get_active_adapters() == ["faceid_0"]
    (tmp_path / "kept.bin").rename(cached)
    fetch(published)
    assert server.log == []


def test_instantid_comes_beside_sdxl_without_what_both_share(
    server: SimulatedHub,
    tiny_rows: Callable[[str], EngineSpec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for engine_id in ("sdxl", "sdxl-instantid"):
        published, row = ENGINES[engine_id], tiny_rows(engine_id)
        for source, local in zip(sources(published), sources(row), strict=True):
            server.add_folder(source.repo, str(source.revision), Path(local.repo))
    fetch(ENGINES["sdxl"])
    assert not is_downloaded(ENGINES["sdxl-instantid"])
    server.log.clear()
    fetch(ENGINES["sdxl-instantid"])
    assert is_downloaded(ENGINES["sdxl-instantid"]) and states(ENGINES["sdxl-instantid"]) == {"verified"}
    names = {line.partition("@")[2] for line in server.downloads() if "/cdn/" in line and "@" in line}
    assert names == {"ip-adapter.bin", "ControlNetModel/diffusion_pytorch_model.safetensors"}
    (face,) = (tmp_path / "insightface").rglob("glintr100.onnx")
    assert face.parent.name == "antelopev2"
    adapter = ENGINES["sdxl-instantid"].adapter_source
    hub_cache.cached_path(adapter.repo, str(adapter.revision), "ip-adapter.bin").unlink()  # the converted one is read
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)
    engine = Engine.load("sdxl-instantid", dtype=torch.float32)
    assert engine.pipeline.controlnet.projection.image_projection_layers[0].latents.shape[1] == 16


def test_the_hubs_own_client_finds_what_was_fetched(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    server.log.clear()
    with pytest.MonkeyPatch.context() as offline:
        offline.setattr(constants, "HF_HUB_OFFLINE", True)
        folder = snapshot_download("some/base", revision=REVISION, cache_dir=constants.HF_HUB_CACHE)
    assert (Path(folder) / "unet/diffusion_pytorch_model.safetensors").read_bytes() == WEIGHTS
    assert server.log == []


def test_only_what_is_needed_comes_and_each_file_once(spec: EngineSpec, server: SimulatedHub, tmp_path: Path) -> None:
    fetch(spec)
    assert let_in(tmp_path) == {
        "model_index.json",
        "config.json",
        "diffusion_pytorch_model.safetensors",
        "adapter.bin",
        "adapter.safetensors",
    }
    assert len(server.downloads()) == len({*server.downloads()})
    assert not any("vae" in name and "base" in name for name in server.downloads())


def test_what_was_downloaded_otherwise_is_checked_and_taken(spec: EngineSpec, server: SimulatedHub) -> None:
    for path, content in server.repos["some/base"][1].items():
        hub_cache.cached_path("some/base", REVISION, path).parent.mkdir(parents=True, exist_ok=True)
        hub_cache.cached_path("some/base", REVISION, path).write_bytes(content)
    assert "here, not verified" in states(spec)
    blob = hub_cache.blob_path("some/vae", hashlib.sha256(b"vae").hexdigest())  # of another revision
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"vae")
    hub_cache.cached_path("some/base", REVISION, "unet/config.json").write_bytes(b"damaged")
    fetch(spec)
    assert states(spec) == {"verified"}
    assert not any("diffusion_pytorch_model" in line for line in server.downloads())
    assert hub_cache.cached_path("some/base", REVISION, "unet/config.json").read_bytes() == b'{"a": 1}'


def test_what_two_engines_share_is_fetched_once(spec: EngineSpec, server: SimulatedHub) -> None:
    server.add("some/lora", REVISION, {"lora.safetensors": b"lora"})
    lora = Source(repo="some/lora", revision=REVISION, weight_name="lora.safetensors")
    other = dataclasses.replace(spec, id="other", adapter_lora=lora)
    fetch(spec)
    assert states(other) == {"verified", "not here"}
    server.log.clear()
    fetch(other)
    assert states(other) == {"verified"}
    assert server.downloads() == [
        f"/some/lora/resolve/{REVISION}/lora.safetensors",
        "/cdn/some/lora@lora.safetensors",
    ]
