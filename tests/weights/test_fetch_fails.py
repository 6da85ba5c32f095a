"""Failures while weights are fetched: each is a sentence, and nothing unverified is let in."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from pipelines import cli as cli
from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.paths import ROOT
from pipelines.weight_table import Origin, WeightFile
from pipelines.weights import download, hub, hub_cache
from pipelines.weights.fetch import fetch
from pipelines.weights.lock import exclusive_fetch
from pipelines.weights.parts import parts_of
from tests.support.published_engine import REVISION, WEIGHTS
from tests.support.published_weights import let_in, refusal, states, unet
from tests.support.simulated_hub import SimulatedHub


def test_an_interrupted_download_is_taken_up_where_it_broke_off(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    path = "unet/diffusion_pytorch_model.safetensors"
    server.cut[path] = [1_500_000] + [0] * download.TRIES
    said = refusal(spec)
    assert said.startswith(f"The connection broke off while {Path(path).name} was downloaded. What has arrived is kept")
    assert not unet(spec).exists() and states(spec) == {"incomplete", "not here"}
    (half,) = (tmp_path / "hub").rglob("*.incomplete")
    assert half.read_bytes() == WEIGHTS[: half.stat().st_size] and half.stat().st_size > 0
    server.log.clear()
    fetch(spec)
    assert f"/cdn/some/base@{path} bytes={half_size(server)}-" in server.downloads()
    assert unet(spec).read_bytes() == WEIGHTS


def half_size(server: SimulatedHub) -> int:
    (ranged,) = [line for line in server.downloads() if "bytes=" in line and "/cdn/" in line]
    start = int(ranged.rpartition("=")[2].rstrip("-"))
    assert 0 < start <= 1_500_000
    return start


@pytest.mark.parametrize("resumes", [True, False])
def test_one_broken_connection_is_not_even_noticed(spec: EngineSpec, server: SimulatedHub, resumes: bool) -> None:
    server.cut["unet/diffusion_pytorch_model.safetensors"] = [1_500_000, 100]
    server.ignores_range = not resumes
    fetch(spec)
    assert unet(spec).read_bytes() == WEIGHTS


def test_ctrl_c_says_that_what_came_is_kept(
    server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(title: str, command: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hub, "check_hub_answers", interrupted)
    assert cli.main(["weights", "fetch", "sd15"]) == 130
    assert capsys.readouterr().err == "Cancelled; what has arrived is kept.\n"


def test_a_file_with_a_wrong_hash_is_thrown_away(spec: EngineSpec, server: SimulatedHub, tmp_path: Path) -> None:
    server.served_instead["unet/diffusion_pytorch_model.safetensors"] = WEIGHTS[::-1]
    said = refusal(spec)
    assert said.startswith("unet/diffusion_pytorch_model.safetensors of some/base arrived damaged or is another file")
    assert not unet(spec).exists() and list((tmp_path / "hub").rglob("*.incomplete")) == []
    server.served_instead.clear()
    fetch(spec)
    assert states(spec) == {"verified"}


def test_an_answer_without_an_end_does_not_fill_the_disk(server: SimulatedHub, tmp_path: Path) -> None:
    server.site["endless"] = WEIGHTS * 10
    came: list[int] = []
    download.stream_to(tmp_path / "half", f"{server.endpoint}/endless", len(WEIGHTS), came.append, headers={})
    assert len(WEIGHTS) < sum(came) == (tmp_path / "half").stat().st_size <= len(WEIGHTS) + hub_cache.CHUNK


@pytest.mark.parametrize("content", [WEIGHTS + WEIGHTS, WEIGHTS[:1_200_000]])
def test_more_or_less_than_was_announced_is_not_let_in(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path, content: bytes
) -> None:
    server.served_instead["unet/diffusion_pytorch_model.safetensors"] = content
    assert "diffusion_pytorch_model.safetensors" in refusal(spec)
    assert not unet(spec).exists()
    assert sum(file.stat().st_size for file in (tmp_path / "hub").rglob("*.incomplete")) < len(WEIGHTS)


def test_a_small_file_with_a_wrong_hash_is_thrown_away_too(spec: EngineSpec, server: SimulatedHub) -> None:
    server.served_instead["unet/config.json"] = b'{"a": 2}'
    assert refusal(spec).startswith("unet/config.json of some/base arrived damaged")
    assert not hub_cache.cached_path("some/base", REVISION, "unet/config.json").exists()


@pytest.mark.parametrize("known", [{"sha256": "0" * 64, "size_is_exact": False}, {}])
def test_a_file_that_is_not_the_tables_is_not_even_downloaded(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, known: dict[str, Any]
) -> None:
    origin = Origin(kind="hub", name="some/adapter", revision=REVISION, licence="free")
    row = WeightFile(origin=origin, path="adapter.bin", size=7, purpose="a test", **known)
    monkeypatch.setattr(weight_table, "HUB_FILES", {("some/adapter", "adapter.bin"): row})
    assert refusal(spec).startswith(
        "The model hub offers another adapter.bin of some/adapter than the one that is known"
    )
    assert server.downloads() == []


def test_too_little_disk_is_said_before_anything_comes(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=2_000_000))
    said = refusal(spec)
    assert said == (
        "There is too little disk for Stable Diffusion 1.5: it needs 2.1 MB, and 2.0 MB are free. Nothing was "
        "downloaded. Free some, or set HF_HOME to a folder on a larger disk."
    )
    assert "needs 2.1 MB of disk" in capsys.readouterr().err
    assert server.downloads() == []


def test_a_disk_that_fills_up_on_the_way_is_a_sentence_and_nothing_half_written_is_let_in(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    half = hub_cache.blob_path("some/base", f"{hashlib.sha256(WEIGHTS).hexdigest()}.incomplete")
    half.parent.mkdir(parents=True)
    half.symlink_to("/dev/full")  # every write to it says that the disk is full
    assert refusal(spec) == (
        "diffusion_pytorch_model.safetensors could not be written: No space left on device. Free some disk, then try "
        "again."
    )
    assert not unet(spec).exists()
    half.unlink()
    fetch(spec)
    assert states(spec) == {"verified"}


def test_a_disk_without_room_for_the_list_of_what_is_verified_is_a_sentence(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", full)
        assert refusal(spec).startswith("The weights of Stable Diffusion 1.5 could not be written: No space left on ")
    fetch(spec)
    assert states(spec) == {"verified"}


def test_a_revision_that_is_gone_is_not_replaced_by_another(spec: EngineSpec, server: SimulatedHub) -> None:
    server.repos["some/base"] = ("f" * 40, server.repos["some/base"][1])
    assert refusal(spec).startswith(
        "The model hub no longer has some/base at revision 0123456789ab, which this program"
    )
    assert server.downloads() == []


def test_an_answer_from_another_revision_is_refused(spec: EngineSpec, server: SimulatedHub, tmp_path: Path) -> None:
    server.answers_revision = "f" * 40
    assert refusal(spec).startswith("The model hub answered with another revision than 0123456789ab for")
    assert let_in(tmp_path) == set()


@pytest.mark.parametrize(("repo", "path"), [("some/adapter", "adapter.bin"), ("some/vae", None)])
def test_what_the_hub_no_longer_has_is_said(
    spec: EngineSpec, server: SimulatedHub, repo: str, path: str | None
) -> None:
    if path:
        del server.repos[repo][1][path]
    else:
        del server.repos[repo]
    assert refusal(spec).startswith(f"The model hub has no {path or repo}")
    assert server.downloads() == []


def test_without_a_network_it_is_one_sentence(spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Stable Diffusion 1.5 needs weights that are not on this machine, and the model hub does not answer."
    with monkeypatch.context() as closed:
        closed.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
        assert refusal(spec).startswith(sentence)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refusal(spec).startswith(sentence)


def test_names_that_would_leave_the_cache_are_not_in_the_listing(spec: EngineSpec, server: SimulatedHub) -> None:
    server.repos["some/vae"][1].update({"../../escape.json": b"{}", "/etc/passwd.json": b"{}", "a/../b.json": b"{}"})
    assert set(hub.listing("some/vae", REVISION)) == {"config.json", "diffusion_pytorch_model.safetensors"}


def test_two_at_once_do_not_write_to_the_same_file(spec: EngineSpec, server: SimulatedHub) -> None:
    with exclusive_fetch():
        assert refusal(spec) == "Weights are being fetched already. Wait until that is done, then try again."
    assert server.log == []


def test_the_published_table_holds_from_the_command_line_whatever_hub_answers(
    server: SimulatedHub, tmp_path: Path
) -> None:
    files = {"model_index.json": b"{}", "config.json": b"{}", "models/image_encoder/config.json": b"{}"}
    for source in (part.source for part in parts_of(ENGINES["sd15"])):
        weight = source.weight_name or f"{source.subfolder or 'unet'}/model.safetensors"
        _, before = server.repos.get(source.repo, ("", {}))
        server.add(source.repo, str(source.revision), {**before, **files, weight: b"other weights"})
    environment = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "pipelines", "weights", "fetch", "sd15"],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "The model hub offers another models/image_encoder/model.safetensors of h94/IP-Adapter than the one that is "
        "known here: its size or hash differs. It was not downloaded. Check HF_ENDPOINT, or choose the built-in "
        "engine.\n"
    )
    assert server.downloads() == []
