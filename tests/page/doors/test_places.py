"""Places of calls: whoever asks for too much at once is refused, and the others are not."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.page.doors.calls.places import LIMITS, Places
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.visitors import Visitor


@pytest.mark.parametrize("kind", LIMITS)
def test_a_visitor_has_so_many_places_of_a_kind_and_another_still_gets_one(kind: str) -> None:
    blocks: Any = SimpleNamespace(_queue=SimpleNamespace(event_ids_to_events={}))
    places, limit = Places(lambda: blocks), LIMITS[kind]
    ann, bob = (Visitor(page=name, address=f"192.0.2.{k}") for k, name in enumerate(("ann", "bob")))
    with ExitStack() as taken:
        for _ in range(limit.visitor):
            taken.enter_context(places.take(kind, ann))
        with pytest.raises(Refused) as refused, places.take(kind, ann):
            pass
        assert refused.value.status == 429 and refused.value.message == limit.yours
        with places.take(kind, bob):
            pass
    with places.take(kind, ann):
        pass
