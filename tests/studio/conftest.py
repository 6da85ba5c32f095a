"""A studio whose engine is fake; its face models are real."""

from collections.abc import Iterator

import pytest

from pipelines import studio as studio_module
from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.studio_kit import use


@pytest.fixture(autouse=True)
def _nothing_to_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines are fake or built in: no row's weights are missing."""
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)


@pytest.fixture(scope="package")
def _loaded() -> Studio:
    return Studio(FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def studio(_loaded: Studio) -> Iterator[Studio]:
    """A studio with a fresh fake engine; the face models are loaded once for all tests."""
    use(_loaded, FakeEngine())
    yield _loaded
    assert len(_loaded.jobs) == 0, "a run stayed in the line"
