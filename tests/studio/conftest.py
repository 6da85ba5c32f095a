"""A studio whose engine is fake; its face models are real."""

from collections.abc import Iterator

import pytest

from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.studio_kit import use


@pytest.fixture(scope="package")
def _loaded() -> Studio:
    return Studio(FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def studio(_loaded: Studio) -> Iterator[Studio]:
    """A studio with a fresh fake engine; the face models are loaded once for all tests."""
    use(_loaded, FakeEngine())
    yield _loaded
    assert len(_loaded.jobs) == 0, "a run stayed in the line"
