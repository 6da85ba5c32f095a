"""Fetching at first use: the studio asks for an engine's weights before it needs them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES, engine_row
from pipelines.engines import background_load
from pipelines.errors import Cancelled, UserError
from pipelines.request import Request
from pipelines.studio import Studio
from pipelines.weights import fetch as fetching
from pipelines.weights import hub_cache
from pipelines.weights.fetch import fetch, fetch_missing
from pipelines.weights.status import is_downloaded
from tests.support.fake_engine import FakeEngine
from tests.support.published_engine import REVISION
from tests.support.published_weights import refusal, states, unet
from tests.support.simulated_hub import SimulatedHub
from tests.support.studio_kit import SELFIE


def test_missing_weights_are_fetched_once_and_then_nothing_is_hashed_or_asked(
    spec: EngineSpec, server: SimulatedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    assert not is_downloaded(spec)
    fetch_missing(spec, on_fetch=told.append)
    assert is_downloaded(spec) and states(spec) == {"verified"}
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1 and len(set(told)) > 4
    told.clear()
    server.log.clear()
    monkeypatch.setattr("pipelines.weights.lock.digests", lambda *_: pytest.fail("it was hashed"))
    fetch_missing(spec, on_fetch=told.append)
    assert server.log == [] and told == []


def test_one_file_that_is_gone_is_fetched_again(spec: EngineSpec, server: SimulatedHub) -> None:
    fetch(spec)
    unet(spec).unlink()
    assert not is_downloaded(spec)
    fetch_missing(spec)
    assert is_downloaded(spec) and unet(spec).exists()


def test_the_built_in_engine_asks_nobody(server: SimulatedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "fetch", lambda *_: pytest.fail("it was fetched"))
    fetch_missing(ENGINES["builtin"])
    assert server.log == []


def test_whoever_comes_while_another_fetches_waits_and_both_get_it(spec: EngineSpec, server: SimulatedHub) -> None:
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(fetch_missing, spec) for _ in range(4)]:
            done.result()
    assert states(spec) == {"verified"}
    assert len(server.downloads()) == len({*server.downloads()})


def test_cancel_ends_a_fetch_and_the_wait_for_one_and_keeps_what_came(spec: EngineSpec, server: SimulatedHub) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        fetch_missing(spec, cancel)
    assert not is_downloaded(spec)
    with fetching._fetching, pytest.raises(Cancelled):
        fetch_missing(spec, cancel)
    assert any((hub_cache.repo_folder("some/base") / "blobs").iterdir())
    fetch_missing(spec)
    assert states(spec) == {"verified"}


@pytest.fixture
def studio(spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio with a fake engine; the published engine, id "sd15", is loaded as another fake one if it is here."""

    def load(engine_id: str) -> FakeEngine:
        assert is_downloaded(spec)
        return FakeEngine(spec=spec)

    class Analyser:
        def __init__(self, recogniser: str, **_: object):
            assert is_downloaded(spec), "its recogniser comes with the engine"
            raise UserError(f"{recogniser} is asked for.")

    row = engine_row
    monkeypatch.setattr(
        "pipelines.run_plan.engine_row", lambda engine_id: spec if engine_id == "sd15" else row(engine_id)
    )
    monkeypatch.setattr(studio_module, "engine_row", lambda engine_id: spec)
    monkeypatch.setattr(studio_module, "load_engine", load)
    monkeypatch.setattr(background_load, "load_engine", load)
    made = Studio(FakeEngine())  # type: ignore[arg-type]
    monkeypatch.setattr(studio_module, "FaceAnalyser", Analyser)
    return made


def ask(studio: Studio, tmp_path: Path, **how: Any) -> None:
    with pytest.raises(UserError, match=r"w600k_r50 is asked for\."):
        studio.headshots(Request(photos=[SELFIE], engine="sd15", count=1, seed=7, out=tmp_path), **how)


def test_a_run_with_another_engine_fetches_it_before_its_recogniser_is_needed(
    studio: Studio, spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    told: list[str] = []
    ask(studio, tmp_path, on_progress=lambda progress: told.append(progress.stage))
    assert states(spec) == {"verified"} and told[-1] == "loading"
    server.log.clear()
    ask(studio, tmp_path)
    assert server.log == []


@pytest.mark.parametrize("wait", [True, False])
def test_a_studio_fetches_the_engine_it_is_loaded_with(
    studio: Studio, spec: EngineSpec, monkeypatch: pytest.MonkeyPatch, wait: bool
) -> None:
    monkeypatch.setattr(studio_module, "FaceAnalyser", lambda _: studio.likeness_analyser)
    loaded = Studio.load("sd15", wait=wait)
    assert isinstance(loaded._ready(spec, threading.Event(), lambda: None), FakeEngine)
    assert states(spec) == {"verified"}


def test_without_a_network_a_run_says_so(
    studio: Studio, spec: EngineSpec, server: SimulatedHub, tmp_path: Path
) -> None:
    server.repos.clear()
    said = refusal(spec)
    with pytest.raises(UserError) as refused:
        studio.headshots(Request(photos=[SELFIE], engine="sd15", count=1, seed=7, out=tmp_path))
    assert str(refused.value) == said and said.startswith("The model hub has no some/")
    assert not unet(spec).exists() and REVISION in str(unet(spec))
