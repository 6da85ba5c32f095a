"""Python's garbage collector while the program starts."""

import gc
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest

from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.memory import free_memory

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("usual", [True, False])
def test_the_collector_rests_and_is_as_before_afterwards_even_after_an_error(usual: bool):
    was_on = gc.isenabled()
    (gc.enable if usual else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), fast_imports():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is usual
    finally:
        (gc.enable if was_on else gc.disable)()


class Ring:
    """Only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_an_import_made_is_looked_through_only_when_all_memory_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    with fast_imports():
        monkeypatch.setitem(sys.modules, "imported_for_a_test", ModuleType("imported_for_a_test"))
        inside = Ring()
    assert gc.get_freeze_count() > 0
    assert not any(thing is inside for thing in gc.get_objects())
    inside, later = weakref.ref(inside), weakref.ref(Ring())  # type: ignore[assignment]
    gc.collect()
    assert later() is None and inside() is not None  # type: ignore[operator]
    free_memory()
    assert inside() is None  # type: ignore[operator]


@pytest.mark.usefixtures("thawed")
def test_where_all_was_imported_before_nothing_is_set_aside():
    with fast_imports():
        import pipelines.runtime.fast_imports  # noqa: F401
    assert gc.get_freeze_count() == 0
