"""Writer of docs/api.md: the endpoints as the code has them, and examples: `python -m tools.write_api`."""

import inspect
import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Any

from pipelines.finishing.export import EXPORTS
from pipelines.jobs import MAX_RUNS, MAX_RUNS_PER_SESSION
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.page.doors.calls import texts
from pipelines.page.doors.calls.places import LIMITS
from pipelines.page.public_api import SIGNATURE, PublicApi
from pipelines.paths import ROOT
from pipelines.settings import COUNT, FORMATS, SETTINGS

FILE = ROOT / "docs" / "api.md"
TEMPLATE = Path(__file__).with_name("api.md")
PUBLIC: Mapping[str, tuple[Callable[..., Any], str]] = {
    "/headshot": (PublicApi.headshot, texts.API_HEADSHOT),
    "/check_photos": (PublicApi.check_photos, texts.API_CHECK_PHOTOS),
    "/looks": (PublicApi.looks, texts.API_LOOKS),
    "/recipe": (PublicApi.recipe, texts.API_RECIPE),
}
"""Endpoints: the function and its description."""
ANSWERS = {
    "/headshot": "Reports while it runs: `stage`, `done` (0 to 1), `picture`, `count`, `seconds_left`, `place`. The "
    "last one has `pictures`, each with `file`, `sizes`, `seed`, `likeness`, `usual`, `usual_for`, `verdict` and "
    "`warnings`.",
    "/check_photos": "A list with `photo`, `faces`, `usable`, `error`, `notes` and `weight` of each photo.",
    "/looks": "`looks`, `fields`, `settings`, `sizes`, `engines` and `builtin_words`.",
    "/recipe": "The fields of the recipe; most are arguments of `/headshot`.",
}


def document() -> str:
    """Return the text of docs/api.md."""
    text = TEMPLATE.read_text("utf-8").format(
        endpoints="\n".join(f"| `{name}` | {_first_sentence(about)} |" for name, (_, about) in PUBLIC.items()),
        runs=MAX_RUNS,
        address=LIMITS["engine"].address,
        visitor=MAX_RUNS_PER_SESSION,
        sections="\n".join(_section(name) for name in PUBLIC),
    )
    return text.rstrip() + "\n"


def _section(name: str) -> str:
    function, about = PUBLIC[name]
    rows = [
        f"| `{one.name}` | {_type(one)} | {_default(one)} | {_meaning(one.name, about)} |"
        for one in _arguments(function)
    ]
    table = ["| argument | type | default | what it is |", "|---|---|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## `{name}`", "", _first_sentence(about), "", *table, f"Answer: {ANSWERS[name]}", ""])


def _arguments(function: Callable[..., Any]) -> list[Parameter]:
    signature = SIGNATURE if function is PublicApi.headshot else inspect.signature(function)
    return [one for one in signature.parameters.values() if one.name not in ("self", "request")]


def _type(parameter: Parameter) -> str:
    name = parameter.annotation if isinstance(parameter.annotation, str) else str(parameter.annotation)
    if isinstance(parameter.annotation, type) and not getattr(parameter.annotation, "__args__", ()):
        name = parameter.annotation.__name__
    name = re.sub(r"gradio\.data_classes\.FileData|gr\.FileData|FileData", "file", name)
    return f"`{name.replace('|', 'or')}`"


def _default(parameter: Parameter) -> str:
    if parameter.default is Parameter.empty:
        return "must be given"
    return "none" if parameter.default in (None, "") else f"`{parameter.default}`"


def _meaning(name: str, about: str) -> str:
    if name in FIELDS:
        return f"instead of the look's own: {_ids(FIELDS[name])}"
    if name in SETTINGS:
        setting = SETTINGS[name]
        otherwise = texts.API_BY_CHANCE if name == "seed" else texts.API_OF_ENGINE
        return f"{setting.label}: {setting.low:g} to {setting.high:.10g}; none: {otherwise}"
    known = {
        "look": _ids(load_looks()),
        "sizes": f"extra files: {_ids(EXPORTS)}",
        "format": _ids(FORMATS),
        "count": f"how many pictures: {COUNT.low:g} to {COUNT.high:g}",
        "engine": "which model draws; `/looks` lists them",
        "words": "what the picture should show",
        "negative_words": "what it should not show",
    }
    if name in known:
        return known[name]
    found = re.search(rf"^{name}: (.+?)(?:\n\w+(?:, \w+)*: |\Z)", about, re.MULTILINE | re.DOTALL)
    assert found is not None, f"texts say nothing about {name}"
    return " ".join(found[1].split()).removesuffix(".")


def _ids(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _first_sentence(about: str) -> str:
    return " ".join(about.split("\n\n")[0].split())


def main() -> None:
    """Write the file."""
    FILE.write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
