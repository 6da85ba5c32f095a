from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.page.doors.calls.places import LIMITS, Place, Places
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.visitors import Visitor

ANN = Visitor(page="ann", address="127.0.0.1")


def queue(*scopes: dict[str, Any]) -> Any:
    """A queue with a call for each of these scopes."""
    events = {
        str(k): SimpleNamespace(request=SimpleNamespace(scope=scope), data=None) for k, scope in enumerate(scopes)
    }
    return SimpleNamespace(_queue=SimpleNamespace(event_ids_to_events=events))


def test_a_call_that_came_without_a_place_takes_none_and_hinders_nobody() -> None:
    with Places(lambda: queue({}, {})).take("engine", ANN) as place:
        assert place.visitor is ANN


def test_a_visitor_s_calls_in_the_queue_are_counted() -> None:
    taken = [{"place": Place("engine", ANN)} for _ in range(LIMITS["engine"].visitor)]
    with pytest.raises(Refused), Places(lambda: queue(*taken)).take("engine", ANN):
        pass
