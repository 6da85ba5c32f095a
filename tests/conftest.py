"""Fixtures of several files of tests: the models that look at photos, and photos to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from pipelines.faces.identity import FaceAnalyser
from pipelines.matting.person_mask import PersonMask

if TYPE_CHECKING:
    from pipelines.engine_spec import EngineSpec
    from pipelines.engines.engine import Engine

pytest_plugins = ["tests.support.scorecard"]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Give a file's tests to one process, which so starts that file's server or loads its engine once."""
    return LoadFileScheduling(config, log)


SIDE = 1024  # pixels of a person's photos: a face has some 280 of them, and is found in 0.1 s


@dataclass(frozen=True, kw_only=True)
class Person:
    """One of openpeople's ten. Each photo is uint8 RGB (H, W, 3), and read when it is first wanted."""

    folder: Path

    @cached_property
    def selfie(self) -> np.ndarray:
        return opened(self.folder / "amateur_selfie.jpg", SIDE)

    @cached_property
    def portrait(self) -> np.ndarray:
        return opened(self.folder / "studio_portrait.jpg", SIDE)

    @cached_property
    def angles(self) -> list[np.ndarray]:
        """The head from the front, with the face to the viewer's right, from behind, and to the left: each 210 px."""
        sheet = opened(self.folder / "character_sheet.jpg", SIDE)
        return [sheet[59:274, left : left + 205] for left in (30, 283, 537, 790)]


def opened(file: Path, side: int) -> np.ndarray:
    """A photo as an array, its longer side so many pixels at most. Read-only, as many tests share it."""
    with Image.open(file) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side))
        picture = np.array(image.convert("RGB"))
    picture.flags.writeable = False
    return picture


def folder_of(package: str) -> Path:
    """Folder of a package, without importing it."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


# Engines of tiny random checkpoints. Whoever changes one puts it back.


@pytest.fixture(scope="session")
def tiny_rows(tmp_path_factory: pytest.TempPathFactory) -> "Callable[[str], EngineSpec]":
    """An engine's row, naming tiny checkpoints in its layout; they are written when it is first wanted."""
    from benchmarks.common.random_checkpoints.rows import write_row
    from pipelines.runtime.log_filter import quiet_libraries

    @cache
    def row(engine_id: str) -> "EngineSpec":
        with quiet_libraries():  # saving says as much as loading
            return write_row(engine_id, tmp_path_factory.mktemp(engine_id))

    return row


@pytest.fixture(scope="session")
def tiny_engines(tiny_rows: "Callable[[str], EngineSpec]") -> "Callable[[str], Engine]":
    """The engine of such a row, in float32, loaded when it is first wanted."""
    from tests.support.tiny_engines import load

    return cache(lambda engine_id: load(tiny_rows(engine_id)))


@pytest.fixture(params=["sd15", "sdxl"])
def row(request: pytest.FixtureRequest, tiny_rows: "Callable[[str], EngineSpec]") -> "EngineSpec":
    return tiny_rows(request.param)


@pytest.fixture
def engine(row: "EngineSpec", tiny_engines: "Callable[[str], Engine]") -> "Engine":
    return tiny_engines(row.id)


# Nothing here may hold a Face, a Shot or an Identity: other tests search the memory for those.


@pytest.fixture(scope="session")
def analyser() -> FaceAnalyser:
    return FaceAnalyser(threads=1)


@pytest.fixture(scope="session")
def mask() -> PersonMask:
    return PersonMask()


@pytest.fixture(scope="session")
def people() -> list[Person]:
    """All ten, in the order of their numbers."""
    folders = sorted((folder_of("openpeople") / "data" / "curated").iterdir())
    return [Person(folder=folder / "assets") for folder in folders if folder.is_dir()]


@pytest.fixture(scope="session")
def six_people() -> np.ndarray:
    """InsightFace's own test photo: six friends in a row, uint8 RGB (886, 1280, 3)."""
    return opened(folder_of("insightface") / "data" / "images" / "t1.jpg", 1280)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """Eileen Collins, scikit-image's test photo: a real camera's, uint8 RGB (512, 512, 3)."""
    return opened(folder_of("skimage") / "data" / "astronaut.png", 512)
