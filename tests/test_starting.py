"""Python's garbage collector while the program starts."""

import gc
import weakref

import pytest

from pipelines.starting import starting


@pytest.mark.parametrize("usual", [True, False])
def test_the_collector_rests_and_is_as_before_afterwards_even_after_an_error(usual: bool):
    was_on = gc.isenabled()
    (gc.enable if usual else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), starting():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is usual
    finally:
        (gc.enable if was_on else gc.disable)()


def test_what_was_made_inside_is_never_looked_through_and_what_comes_after_is():
    class Ring:
        def __init__(self) -> None:
            self.itself = self

    before = gc.get_freeze_count()
    try:
        with starting():
            imported = Ring()
        assert gc.get_freeze_count() > before
        assert imported not in gc.get_objects()
        later = weakref.ref(Ring())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()
