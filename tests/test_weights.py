"""The engines' weights: what is listed, what `fetch` lets in, and that an engine it brought here needs no network."""

import dataclasses
import errno
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub import constants, snapshot_download
from safetensors.torch import load_file

from pipelines import __main__ as cli
from pipelines import devices, fetching, hub, weight_files, weights, weights_fetch
from pipelines.engine_table import ENGINES, Component, EngineSpec, Source
from pipelines.engines import Engine
from pipelines.errors import UserError
from pipelines.recognisers import FACE_MODELS, FaceModel, is_here, locate
from pipelines.weight_files import KNOWN, LICENCES, Known, parts
from pipelines.weights_fetch import fetch
from pipelines.weights_lock import Lock, lock_path, one_at_a_time
from tests import tiny_checkpoints as tiny
from tests.simulated_hub import SimulatedHub

REVISION = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 8192  # 2 MiB: two chunks
FACE = b"a recogniser" * 1000


@pytest.fixture
def face() -> FaceModel:
    """Stands for the recogniser in InsightFace's archive."""
    return dataclasses.replace(FACE_MODELS["w600k_r50"], sha256=hashlib.sha256(FACE).hexdigest(), size=len(FACE))


@pytest.fixture
def server(tmp_path: Path, face: FaceModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedHub]:
    """A hub, and an empty machine that knows nothing of its files beforehand."""
    with SimulatedHub().running() as running:
        running.site["buffalo_l.zip"] = archive({"det_10g.onnx": b"another", face.file: FACE})
        face = dataclasses.replace(face, source=f"{running.endpoint}/buffalo_l.zip")
        monkeypatch.setattr(weights_fetch, "FACE_MODELS", {"w600k_r50": face})
        # as HF_ENDPOINT sets them
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        files = f"{running.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("INSIGHTFACE_HOME", str(tmp_path / "insightface"))
        monkeypatch.delenv("HEADSHOT_WEIGHTS_LOCK", raising=False)
        monkeypatch.setattr(weight_files, "KNOWN", {})
        monkeypatch.setattr(fetching, "PAUSE", 0.0)
        yield running


@pytest.fixture
def spec(server: SimulatedHub) -> EngineSpec:
    """An engine of one pipeline, one part and one adapter, published on the hub."""
    files = {
        "model_index.json": b"{}",
        "unet/config.json": b'{"a": 1}',
        "unet/diffusion_pytorch_model.safetensors": WEIGHTS,
        "unet/diffusion_pytorch_model.bin": b"the same as a pickle",
        "vae/diffusion_pytorch_model.safetensors": b"replaced by the row's own",
        "samples/picture.png": b"not needed",
        "README.md": b"not needed",
    }
    server.add("some/base", REVISION, files)
    server.add("some/vae", REVISION, {"config.json": b"{}", "diffusion_pytorch_model.safetensors": b"vae"})
    server.add("some/adapter", REVISION, {"adapter.bin": pickled(adapter()), "other.bin": b"not needed"})
    return dataclasses.replace(
        ENGINES["sd15"],
        base=Source(repo="some/base", revision=REVISION),
        components={"vae": Component(class_path="x:X", source=Source(repo="some/vae", revision=REVISION))},
        adapter=Source(repo="some/adapter", revision=REVISION, weight_name="adapter.bin"),
        adapter_lora=None,
    )


def adapter() -> dict[str, Any]:
    shared = torch.arange(6.0)
    return {
        "image_proj": {"proj.weight": torch.randn(4, 3).half(), "norm.weight": shared[:3]},
        "ip_adapter": {"1.to_k_ip.weight": shared.reshape(2, 3), "1.to_v_ip.weight": torch.randn(3, 2).T},
    }


def pickled(value: object) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return stream.getvalue()


def refusal(spec: EngineSpec) -> str:
    """The one sentence or two with which `fetch` gives up."""
    with pytest.raises(UserError) as refused:
        fetch(spec)
    said = str(refused.value)
    assert "\n" not in said and said.endswith(".")
    return said


def unet(spec: EngineSpec) -> Path:
    return fetching.place("some/base", REVISION, "unet/diffusion_pytorch_model.safetensors")


def let_in(tmp_path: Path) -> set[str]:
    """Names of all files that the hub's client or a loader would find."""
    return {file.name for file in (tmp_path / "hub").rglob("snapshots/**/*") if file.is_file()}


def states(spec: EngineSpec) -> set[str]:
    """What the list says of an engine's parts."""
    names = {part.name for part in parts(spec)}
    return {row[3] for row in weights.part_rows({spec.id: spec}) if row[1] in names}


# The table


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


# Fetching


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
    for source, local in zip(tiny.sources(published), tiny.sources(row), strict=True):
        server.add_folder(source.repo, str(source.revision), Path(local.repo))
    capsys.readouterr()
    assert cli.main(["weights", "fetch", engine_id]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{published.title} needs ") and "GB are free in" in said[0]
    assert said[0].endswith(f"Licence: {published.licence}.")
    assert said[1:] == [f"Everything for {published.title} is here and verified: from now on it needs no network."]
    assert states(published) == {"verified"}
    pickle = str(published.adapter.weight_name)
    assert {pickle, pickle.replace(".bin", ".safetensors")} <= let_in(tmp_path)
    own_vae = "vae/diffusion_pytorch_model" in " ".join(server.downloads())
    assert own_vae == ("vae" not in published.components)  # the base's, where the row has none
    assert list((tmp_path / "hub").rglob("*.incomplete")) == []

    def no_network(*_: object) -> None:
        raise OSError("there is no network")

    server.log.clear()
    monkeypatch.setattr(socket.socket, "connect", no_network)
    fetching.place(published.adapter.repo, str(published.adapter.revision), pickle).rename(tmp_path / "kept.bin")
    monkeypatch.setattr(devices, "free_ram_gb", lambda: 99.0)  # these weights are tiny
    engine = Engine.load(engine_id, dtype=torch.float32)
    assert engine.pipeline.get_active_adapters() == ["faceid_0"]
    (tmp_path / "kept.bin").rename(fetching.place(published.adapter.repo, str(published.adapter.revision), pickle))
    fetch(published)
    assert server.log == []


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
        fetching.place("some/base", REVISION, path).parent.mkdir(parents=True, exist_ok=True)
        fetching.place("some/base", REVISION, path).write_bytes(content)
    assert "here, not verified" in states(spec)
    blob = fetching.cache_of("some/vae") / "blobs" / hashlib.sha256(b"vae").hexdigest()  # of another revision
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"vae")
    fetching.place("some/base", REVISION, "unet/config.json").write_bytes(b"damaged")
    fetch(spec)
    assert states(spec) == {"verified"}
    assert not any("diffusion_pytorch_model" in line for line in server.downloads())
    assert fetching.place("some/base", REVISION, "unet/config.json").read_bytes() == b'{"a": 1}'


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


# What can go wrong


def test_an_interrupted_download_is_taken_up_where_it_broke_off(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    path = "unet/diffusion_pytorch_model.safetensors"
    server.cut[path] = [1_500_000] + [0] * fetching.TRIES
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
    def interrupted(title: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hub, "ask_the_hub", interrupted)
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
    fetching.stream_to(tmp_path / "half", f"{server.endpoint}/endless", len(WEIGHTS), came.append, headers={})
    assert len(WEIGHTS) < sum(came) == (tmp_path / "half").stat().st_size <= len(WEIGHTS) + fetching.CHUNK


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
    assert not fetching.place("some/base", REVISION, "unet/config.json").exists()


@pytest.mark.parametrize("known", [{"sha256": "0" * 64}, {"size": 7}])
def test_a_file_that_is_not_the_tables_is_not_even_downloaded(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch, known: dict[str, Any]
) -> None:
    row = Known(repo="some/adapter", path="adapter.bin", about=7, **known)
    monkeypatch.setattr(weight_files, "KNOWN", {(row.repo, row.path): row})
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
    half = fetching.cache_of("some/base") / "blobs" / f"{hashlib.sha256(WEIGHTS).hexdigest()}.incomplete"
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
    with one_at_a_time():
        assert refusal(spec) == "Weights are being fetched already. Wait until that is done, then try again."
    assert server.log == []


def test_the_published_table_holds_from_the_command_line_whatever_hub_answers(
    server: SimulatedHub, tmp_path: Path
) -> None:
    files = {"model_index.json": b"{}", "config.json": b"{}", "models/image_encoder/config.json": b"{}"}
    for source in (part.source for part in parts(ENGINES["sd15"])):
        weight = source.weight_name or f"{source.subfolder or 'unet'}/model.safetensors"
        _, before = server.repos.get(source.repo, ("", {}))
        server.add(source.repo, str(source.revision), {**before, **files, weight: b"other weights"})
    environment = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "pipelines", "weights", "fetch", "sd15"],
        env=os.environ | environment,
        cwd=Path(__file__).parent.parent,
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


# The lock file


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


def test_a_file_that_changed_afterwards_is_neither_opened_nor_kept(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    weights.refuse_changed(spec)
    file = unet(spec).resolve()
    file.write_bytes(WEIGHTS[::-1])
    assert "changed since it was verified" in states(spec)
    with pytest.raises(UserError, match=r"model\.safetensors of .* has changed since it was verified.*fetch sd15$"):
        weights.refuse_changed(spec)
    fetch(spec)
    weights.refuse_changed(spec)
    assert unet(spec).read_bytes() == WEIGHTS and states(spec) == {"verified"}


def test_a_touched_file_is_only_looked_at_again(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    unet(spec).resolve().touch()
    weights.refuse_changed(spec)
    assert states(spec) == {"verified"}


@pytest.mark.parametrize("path", ["unet/config.json", "unet/diffusion_pytorch_model.safetensors"])
def test_another_file_under_the_same_name_is_refused_from_then_on(
    spec: EngineSpec, server: SimulatedHub, path: str
) -> None:
    fetch(spec)
    files = server.repos["some/base"][1]
    files[path] = files[path][::-1]
    fetching.place("some/base", REVISION, path).unlink()
    assert states(spec) >= {"incomplete"}
    assert path in refusal(spec)
    assert not fetching.place("some/base", REVISION, path).exists()


def test_the_lock_file_can_lie_elsewhere_and_a_damaged_one_is_said(
    spec: EngineSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSHOT_WEIGHTS_LOCK", str(tmp_path / "own" / "lock.json"))
    fetch(spec)
    assert json.loads((tmp_path / "own" / "lock.json").read_text())["parts"].keys() == {
        part.key for part in parts(spec)
    }
    for damaged in ("{", "[]", '{"files": {"x": {"y": 1}}, "parts": {}}'):
        lock_path().write_text(damaged)
        assert refusal(spec).startswith(f"The list of verified weights at {lock_path()} cannot be read. Delete it")


def test_a_source_without_a_pin_stays_at_the_revision_of_its_first_download(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    spec = dataclasses.replace(spec, adapter=dataclasses.replace(spec.adapter, revision=None))
    fetch(spec)
    assert snapshot_download("some/adapter", local_files_only=True, cache_dir=constants.HF_HUB_CACHE).endswith(REVISION)
    server.repos["some/adapter"] = ("f" * 40, {"adapter.bin": b"newer"})
    fetch(spec)
    assert (fetching.cache_of("some/adapter") / "refs" / "main").read_text() == REVISION


# The pickled adapter


def test_the_pickled_adapter_becomes_safetensors_with_equal_tensors_and_both_hashes(spec: EngineSpec) -> None:
    fetch(spec)
    pickle = fetching.place("some/adapter", REVISION, "adapter.bin")
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
    assert weights.safe_copy(spec.adapter) == "adapter.safetensors"


def test_a_damaged_safetensors_file_is_made_again_without_a_network(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    safe = fetching.place("some/adapter", REVISION, "adapter.safetensors")
    before = safe.read_bytes()
    safe.write_bytes(b"damaged")
    server.log.clear()
    fetch(spec)
    assert safe.read_bytes() == before and server.log == []


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("the pickle was run",)


@pytest.mark.parametrize(
    "content", [pickled({"image_proj": Malicious(), "ip_adapter": {}}), pickled({"other": {}}), b"no pickle at all"]
)
def test_a_pickle_that_is_no_adapter_is_not_opened(spec: EngineSpec, server: SimulatedHub, content: bytes) -> None:
    server.repos["some/adapter"][1]["adapter.bin"] = content
    assert refusal(spec).startswith("adapter.bin is not an identity adapter, or holds more than weights, and was not")
    assert weights.safe_copy(spec.adapter) is None and states(spec) == {"verified", "incomplete"}


# The recogniser


def test_of_insightfaces_archive_only_the_recogniser_is_kept(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path, face: FaceModel
) -> None:
    server.cut["buffalo_l.zip"] = [10]
    fetch(spec)
    assert is_here(face)
    assert [file.name for file in (tmp_path / "insightface").rglob("*") if file.is_file()] == [face.file]


@pytest.mark.parametrize(
    "files", [{"w600k_r50.onnx": FACE[::-1]}, {"w600k_r50.onnx": FACE + FACE}, {"another.onnx": FACE}, None]
)
def test_another_archive_is_refused(
    spec: EngineSpec, server: SimulatedHub, tmp_path: Path, files: dict[str, bytes] | None
) -> None:
    server.site["buffalo_l.zip"] = archive(files) if files else b"not an archive"
    said = refusal(spec)
    assert "is damaged or holds another w600k_r50.onnx" in said and "it is recognised by its hash" in said
    assert [file for file in (tmp_path / "insightface").rglob("*") if file.is_file()] == []


def test_an_archive_whose_file_is_too_large_is_not_unpacked(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.site["buffalo_l.zip"] = archive({"w600k_r50.onnx": bytes(10_000_000)})
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    assert "is damaged or holds another w600k_r50.onnx" in refusal(spec)


def test_without_the_archive_it_is_said_where_to_put_the_file_and_then_it_is_taken(
    spec: EngineSpec, server: SimulatedHub, face: FaceModel
) -> None:
    del server.site["buffalo_l.zip"]
    said = refusal(spec)
    assert said.startswith("All else for Stable Diffusion 1.5 is here, but w600k_r50.onnx could not be had from http")
    assert f"at {locate(face)}; it is recognised by its hash." in said
    locate(face).parent.mkdir(parents=True)
    locate(face).write_bytes(FACE)
    server.log.clear()
    fetch(spec)
    assert server.log == []


# The command


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
