"""Looks: one TOML file each in `presets/`, file name = id. `presets/README.md` says how to add one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence, make_sentences
from pipelines.looks.fields import BUILTIN, DIFFUSION, FAMILIES, FIELDS, FIRST_FIELDS, LATER_FIELDS, field_of
from pipelines.looks.vocabulary import GROUP_OF, VOCABULARY
from pipelines.paths import PRESETS, read_table

MAX_TEXT = 400  # characters in one prompt of a look; what is beyond CLIP's 77 tokens is encoded separately
CUTS = ("mens", "womens")
OF_GARMENT = ("colour", "tie", "tie_colour", "shirt_colour")
"""Fields that say how a garment looks: another garment does not take them over from the look's own."""
NO_LOOK = Sentence("There is no look called {name}. Choose one of: {looks}.")
NO_FIELD = Sentence("There is no field called {name}. The fields are: {fields}.")
NO_CHOICE = Sentence("There is no {field} called {name}. Choose one of: {choices}.")
_ID = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class Grade:
    """Grade of a look's pictures, applied by finishing. The defaults change nothing."""

    monochrome: bool = False  # black and white
    exposure: float = 0.0  # stops, -0.5 (half a stop darker) .. 0.5
    contrast: float = 1.0  # factor around mid-grey, 0.8 .. 1.3
    saturation: float = 1.0  # factor, 0 (no colour) .. 1.3
    warmth: float = 0.0  # -1 (cool) .. 1 (warm); 1 multiplies red by 1.08 and blue by 0.92
    vignette: float = 0.0  # share of light lost in the corners, 0 .. 0.5


GRADE_RANGES: Mapping[str, tuple[float, float]] = {
    "exposure": (-0.5, 0.5),
    "contrast": (0.8, 1.3),
    "saturation": (0.0, 1.3),
    "warmth": (-1.0, 1.0),
    "vignette": (0.0, 0.5),
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """A kind of headshot: its fields, and its words for the engines and grade for finishing."""

    id: str
    title: str
    description: str  # one sentence
    wardrobe: str  # this and the next thirteen: ids out of fields.FIELDS
    colour: str = "own"
    tie: str = "own"
    tie_colour: str = "own"
    shirt_colour: str = "own"
    cut: str = "any"
    build: str = "any"
    backdrop: str
    light: str
    expression: str
    crop: str
    framing: str = "any"
    torso: str = "any"
    tilt: str = "any"
    mens: Mapping[str, str] = field(default_factory=dict)  # fields that are otherwise in this cut
    womens: Mapping[str, str] = field(default_factory=dict)
    painted_backdrop: bool = False  # engines that draw backdrops have theirs replaced by the painted one
    chosen: frozenset[str] = frozenset()  # fields that the person chose
    prompt: Mapping[str, str]  # engine family -> words
    negative: Mapping[str, str]
    grade: Grade

    def __post_init__(self) -> None:
        make_sentences(self, "title", "description")

    @property
    def fields(self) -> dict[str, str]:
        """The choice of each field, in the order of FIELDS."""
        return {name: getattr(self, name) for name in FIELDS}


def load_looks(folder: Path = PRESETS) -> dict[str, Look]:
    """Read every look of a folder, sorted by id; raise UserError naming the file and key that is wrong."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UserError(f"There are no looks: the folder {folder.name} holds no .toml file. Restore it from the repo.")
    return {file.stem: read_look(file) for file in files}


def load_look(look_id: str, folder: Path = PRESETS) -> Look:
    """Read one look; raise UserError with the ids there are if it is not among them."""
    looks = load_looks(folder)
    if look_id not in looks:
        raise UserError(NO_LOOK.format(name=_quote(look_id), looks=", ".join(looks)))
    return looks[look_id]


def with_fields(look: Look, **chosen: str | None) -> Look:
    """Replace the look's own fields by those the person chose; None keeps the look's own.

    What was chosen stays in either cut. With another garment, colours and tie of the look's own are left behind.
    """
    for name, choice in chosen.items():
        if name not in FIELDS:
            raise UserError(NO_FIELD.format(name=_quote(name), fields=", ".join(FIELDS)))
        if choice is not None and choice not in FIELDS[name]:
            choices = {"field": name.replace("_", " "), "choices": ", ".join(FIELDS[name])}
            raise UserError(NO_CHOICE.format(name=_quote(choice), **choices))
    changes = {name: choice for name, choice in chosen.items() if choice is not None}
    if not changes:
        return look
    known = look.chosen | changes.keys()
    others = {cut: _left_over(getattr(look, cut), look.wardrobe, changes) for cut in CUTS}
    return replace(look, **_with_its_own(look, changes, known), **others, chosen=known)  # type: ignore[arg-type]


def with_cut(look: Look, cut: str) -> Look:
    """Settle the cut, `mens` or `womens`, with the fields that the look has in that cut."""
    changes = _with_its_own(look, dict(getattr(look, cut)), look.chosen)
    return replace(look, **{**changes, "cut": cut}, mens={}, womens={})  # type: ignore[arg-type]


def with_chosen_cut(look: Look) -> Look:
    """Settle the look's cut if it is chosen; an open one stays open."""
    return look if look.cut == "any" else with_cut(look, look.cut)


def in_each_cut(look: Look) -> tuple[Look, ...]:
    """Give the look in each cut that it may still have: both, or the one that was chosen."""
    return tuple(with_cut(look, cut) for cut in CUTS if look.cut in (cut, "any"))


def own_choices(look: Look, name: str) -> tuple[str, ...]:
    """Choices of a field that the look starts with: more than one where its cuts differ."""
    if name == "cut":
        return (look.cut,)
    return tuple(dict.fromkeys(dressed.fields[name] for dressed in in_each_cut(look)))


def _with_its_own(look: Look, changes: Mapping[str, str], chosen: frozenset[str]) -> dict[str, str]:
    """Changes of fields; those that go with a garment fall back where it is another and nobody named them."""
    if changes.get("wardrobe", look.wardrobe) == look.wardrobe:
        return dict(changes)
    return {**{name: FIELDS[name][0] for name in OF_GARMENT if name not in chosen}, **changes}


def _left_over(table: Mapping[str, str], own: str, changes: Mapping[str, str]) -> dict[str, str]:
    """A cut's fields without those that the person chose, and without those of a garment that is not worn now."""
    worn = changes.get("wardrobe", table.get("wardrobe", own))
    gone = set(changes) | (set(OF_GARMENT) if worn != table.get("wardrobe", own) else set())
    return {name: choice for name, choice in table.items() if name not in gone}


def read_look(file: Path) -> Look:
    """Read and check one look file; raise UserError naming the file and the key that is wrong."""
    where = f"{file.parent.name}/{file.name}"
    if not _ID.fullmatch(file.stem):
        raise UserError(f"{where}: the file name is the look's id; use lower-case letters, digits and hyphens only.")
    table = read_table(file)
    texts = {"title": str, "description": str}
    tables = {"fields": dict, "prompt": dict, "negative": dict, "grade": dict}
    _check(where, "", table, texts | tables, dict.fromkeys(CUTS, dict) | {"painted_backdrop": bool})
    _check(where, "fields.", table["fields"], dict.fromkeys(FIRST_FIELDS, str), dict.fromkeys(LATER_FIELDS, str))
    for cut in CUTS:
        named = dict.fromkeys((name for name in FIELDS if name != "cut"), str)
        _check(where, f"{cut}.", table.get(cut, {}), {}, named)
    for name in ("prompt", "negative"):
        _check(where, f"{name}.", table[name], dict.fromkeys(FAMILIES, str))
    _check(where, "grade.", table["grade"], {f.name: f.type for f in fields(Grade)})
    _check_values(where, table)
    return Look(
        id=file.stem,
        title=table["title"],
        description=table["description"],
        **table["fields"],
        **{cut: table.get(cut, {}) for cut in CUTS},
        painted_backdrop=table.get("painted_backdrop", False),
        prompt=table["prompt"],
        negative=table["negative"],
        grade=Grade(**table["grade"]),
    )


def _check(
    where: str,
    prefix: str,
    table: dict[str, Any],
    types: Mapping[str, Any],
    optional: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Exactly these keys and some of the optional ones, each of its type."""
    every = {**types, **optional}
    if unknown := sorted(set(table) - set(every)):
        raise UserError(f"{where}: there is no key {prefix}{unknown[0]}. The keys here are: {', '.join(every)}.")
    if missing := [key for key in types if key not in table]:
        raise UserError(f"{where}: the key {prefix}{missing[0]} is missing. Add it.")
    for key, kind in every.items():
        if key not in table:
            continue
        value = table[key]
        # bool is a subclass of int in Python, and TOML writes 1.0 and 1 for one and the same setting
        right = type(value) in (int, float) if kind is float else type(value) is kind
        if not right:
            name = {str: "text in quotes", dict: "a table", bool: "true or false", float: "a number"}[kind]
            raise UserError(f"{where}: {prefix}{key} must be {name}, not {value!r}.")


def _check_values(where: str, table: dict[str, Any]) -> None:
    for key in ("title", "description"):
        if not table[key].strip():
            raise UserError(f"{where}: {key} is empty. Write what the person should read.")
    if not table["description"].endswith("."):
        raise UserError(f"{where}: description must be one sentence that ends with a full stop.")
    for part in ("fields", *CUTS):
        for name, choice in table.get(part, {}).items():
            if choice not in FIELDS[name]:
                raise UserError(
                    f"{where}: {part}.{name} cannot be {_quote(choice)}. Choose one of: {', '.join(FIELDS[name])}."
                )
    for key, (low, high) in GRADE_RANGES.items():
        if not low <= table["grade"][key] <= high:  # nan fails too
            raise UserError(f"{where}: grade.{key} is {table['grade'][key]}, but must lie from {low} to {high}.")
    _check_words(where, table)


def _check_words(where: str, table: dict[str, Any]) -> None:
    for name in ("prompt", "negative"):
        _check_builtin(where, name, table[name][BUILTIN].split())
        if len(table[name][DIFFUSION]) > MAX_TEXT:
            raise UserError(f"{where}: {name}.{DIFFUSION} is longer than {MAX_TEXT} characters. Shorten it.")
    if not table["prompt"][DIFFUSION].strip():
        raise UserError(f"{where}: prompt.{DIFFUSION} is empty. Describe the photo: lens, style, skin.")


def _check_builtin(where: str, name: str, words: list[str]) -> None:
    seen: dict[str, str] = {}
    for word in words:
        if word not in VOCABULARY:
            raise UserError(
                f"{where}: {name}.{BUILTIN} says {_quote(word)}, a word the built-in model does not know. "
                f"It knows: {', '.join(VOCABULARY)}."
            )
        owner = field_of(word)
        if name == "prompt" and owner:
            raise UserError(
                f"{where}: prompt.{BUILTIN} says {_quote(word)}, which is for the field {owner} to say. "
                f"Set fields.{owner} instead."
            )
        other = seen.setdefault(GROUP_OF[word], word)
        if other != word:
            raise UserError(f"{where}: {name}.{BUILTIN} says both {other} and {word}. Keep one of them.")


def _quote(text: object) -> str:
    """Quote somebody's value for a sentence: on one line and not endless."""
    shown = "".join(c if c.isprintable() else "?" for c in str(text)[:40])
    return f'"{shown}{"..." if len(str(text)) > 40 else ""}"'
