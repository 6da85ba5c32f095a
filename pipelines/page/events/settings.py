"""Events of settings as a whole: back to the look's own, and back after the page was loaded anew."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.looks.fields import CHOICES, FIELDS, field_label
from pipelines.page import texts
from pipelines.page.controls import AS_THE_LOOK, Controls
from pipelines.page.layout import LookSection
from pipelines.settings import AUTO, COUNT, MAX_CHARACTERS

WORDS_KEPT = 24 * 60 * 60  # seconds that words stay in the browser; the other settings say nothing of a person
WORDS = ("words", "negative_words")
MORE_LOOKS = "more_looks"
Updates = dict[Any, Any]


class SettingsEvents:
    """Events of the look's fields, and of all settings. Nothing of a person is kept here."""

    def __init__(self, controls: Controls, look: LookSection):
        self.controls, self.look = controls, look

    def reset_fields(self) -> Updates:
        """Leave every field to the look."""
        return dict.fromkeys(self.look.fields.values(), AS_THE_LOOK)

    def mark_changes(self, **fields: str) -> Updates:
        """Mark the fields that differ from the look's own, and offer to take that back."""
        changed = [name for name in FIELDS if fields[name] != AS_THE_LOOK]
        marks = {
            box: gr.update(
                label=texts.CHANGED_FIELD.format(field=field_label(name)) if name in changed else field_label(name),
                elem_classes=["changed"] if name in changed else [],
            )
            for name, box in self.look.fields.items()
        }
        label = texts.RESET_ONE if len(changed) == 1 else texts.RESET.format(number=len(changed))
        return {**marks, self.look.reset: gr.Button(label, visible=bool(changed))}

    def restore(self, controls: Mapping[str, Any]) -> Callable[[Any], Updates]:
        """Make an event that puts the settings back which the browser has kept; what is no setting is left out."""

        def put_back(saved: Any) -> Updates:
            kept = saved.get("values") if isinstance(saved, dict) else None
            if not isinstance(kept, list) or len(kept) != len(controls):
                return {next(iter(controls.values())): gr.skip()}
            values = dict(zip(controls, kept, strict=True))
            if not isinstance(at := saved.get("at"), int | float) or time.time() - at / 1000 > WORDS_KEPT:
                values = {name: value for name, value in values.items() if name not in WORDS}
            chosen: Any = values.get("engine")
            spec = self.controls.engine(chosen if _is_engine(chosen) else AUTO)[0]
            good = {controls[name]: value for name, value in values.items() if self._is_setting(name, value, spec)}
            return good or {next(iter(controls.values())): gr.skip()}

        return put_back

    def _is_setting(self, name: str, value: Any, spec: EngineSpec) -> bool:
        """True for a value that the control of this name can have under an engine; a browser may have kept anything."""
        if name in FIELDS:
            return value == AS_THE_LOOK or (isinstance(value, str) and value in CHOICES[name])
        if name in WORDS:
            return isinstance(value, str) and len(value) <= MAX_CHARACTERS
        if name == "look":
            return isinstance(value, str) and value in self.controls.all_looks
        if name == MORE_LOOKS:
            return isinstance(value, list) and all(self._is_setting("look", look, spec) for look in value)
        if name == "engine":
            return _is_engine(value)
        if name == "seed":
            return isinstance(value, str) and len(value) <= 10
        low, high = (COUNT.low, COUNT.high) if name == "count" else spec.offered(name)
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_engine(value: Any) -> bool:
    return isinstance(value, str) and (value == AUTO or value in ENGINES)
