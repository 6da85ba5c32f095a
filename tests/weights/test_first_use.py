"""First use of a large engine, photo in and file out: what is missing comes with progress, and then nobody is asked."""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from benchmarks.common.random_checkpoints.rows import sources
from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines import placement
from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.faces import models
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.matting.person_mask import PersonMask
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.studio import Studio
from pipelines.weights.status import is_downloaded
from tests.conftest import Person
from tests.support.drawn_scenes import Scenes
from tests.support.published_weights import archive
from tests.support.simulated_hub import SimulatedHub

pytestmark = pytest.mark.slow


@pytest.fixture
def studio(
    server: SimulatedHub,
    tiny_rows: Callable[[str], EngineSpec],
    tiny_engines: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> Studio:
    """A studio with another engine; sd15 is on the hub, tiny, and w600k_mbf in InsightFace's archive as w600k_r50."""
    published, row = ENGINES["sd15"], tiny_rows("sd15")
    for source, local in zip(sources(published), sources(row), strict=True):
        server.add_folder(source.repo, str(source.revision), Path(local.repo))
    net = models.read_verified(models.FACE_MODELS["w600k_mbf"])
    size, sha256 = len(net), hashlib.sha256(net).hexdigest()
    face = dataclasses.replace(weight_table.FACE_MODELS["w600k_r50"], size=size, sha256=sha256)
    server.site["buffalo_l.zip"] = archive({face.name: net})
    for module in (weight_table, models):
        monkeypatch.setattr(module, "FACE_MODELS", {**weight_table.FACE_MODELS, "w600k_r50": face})
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)  # these weights are tiny
    return Studio(tiny_engines("sdxl"))


def test_the_first_run_fetches_what_is_missing_before_it_looks_at_the_photo(
    studio: Studio,
    server: SimulatedHub,
    people: list[Person],
    analyser: FaceAnalyser,
    mask: PersonMask,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    Image.fromarray(people[0].selfie).save(tmp_path / "selfie.png")
    wanted: dict[str, Any] = {"photos": [tmp_path / "selfie.png"], "engine": "sd15", "count": 1, "steps": 4}
    told: list[Progress] = []
    scenes = Scenes(people[0].portrait, choose(analyser.analyse(people[0].portrait)), mask)
    monkeypatch.setitem(cast(dict[str, Any], ENGINES["sd15"].sizes), "portrait", (64, 64))  # of what the weights draw
    assert not is_downloaded(ENGINES["sd15"])
    with scenes.in_place():
        (picture,) = studio.headshots(
            Request(**wanted, second_pass=0, seed=7, out=tmp_path / "out"), on_progress=told.append, previews=False
        )
        assert picture.path in [*(tmp_path / "out").iterdir()] and is_downloaded(ENGINES["sd15"])
        fetched = [one.fetched for one in told if one.fetched is not None]
        assert fetched == sorted(fetched) and fetched[0] == 0 and fetched[-1] == 1 and len(fetched) > 4
        stages = [*dict.fromkeys(one.stage for one in told)]
        assert stages.index("loading") < stages.index("photos") < stages.index("drawing")
        server.log.clear()
        studio.headshots(Request(**wanted, second_pass=0, seed=7, out=tmp_path / "again"))
    assert server.log == []


def test_without_a_network_the_first_run_names_the_command_and_asks_for_no_file(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError) as refused:
        studio.headshots(Request(photos=[b"not looked at"], engine="sd15", out=tmp_path / "out"))
    assert "python -m pipelines weights fetch sd15" in str(refused.value)
    assert "Put the file" not in str(refused.value) and not (tmp_path / "out").exists()
