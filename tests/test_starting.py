"""Python's garbage collector while the program starts."""

import gc

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
