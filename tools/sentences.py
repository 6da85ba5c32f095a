"""Sentences of the project, found in its code and its tables: everything that has to be in each catalogue."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines.engine_table import ENGINES
from pipelines.faces.quality import MEASURES
from pipelines.images.file_kinds import OTHERS
from pipelines.language.catalogue import Key
from pipelines.language.sentence import Sentence
from pipelines.looks.fields import CHOICES, FIELDS, field_label
from pipelines.looks.languages import languages
from pipelines.looks.preset import load_looks
from pipelines.misuse.rules import rules
from pipelines.paths import ROOT
from pipelines.settings import COUNT, FACE_NUMBER, SETTINGS


def sentences(folder: Path = ROOT / "pipelines") -> dict[Key, str]:
    """Find every sentence of a folder and of the tables: the file that holds it, by context and English template."""
    found: dict[Key, str] = {}
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder.parent).as_posix()
        for key in (*literals(file.read_text("utf-8")), *_constants(name)):
            found.setdefault(key, name)
    for name, table in _tables().items():
        for sentence in in_table(table):
            found.setdefault((sentence.context, sentence.template), name)
    return found


def literals(source: str) -> Iterator[Key]:
    """Find `Sentence("...")` and the members of enumerations of sentences in a module's source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
            text, *context = node.args
            if isinstance(text, ast.Constant):
                yield (ast.literal_eval(context[0]) if context else "", str(text.value))
        elif isinstance(node, ast.ClassDef) and "Sentence" in {getattr(base, "id", "") for base in node.bases}:
            members = [one.value for one in node.body if isinstance(one, ast.Assign)]
            yield from (("", str(one.value)) for one in members if isinstance(one, ast.Constant))


def in_table(table: Any) -> Iterator[Sentence]:
    """Find the sentences in a table: in mappings, sequences and dataclasses."""
    if isinstance(table, Sentence):
        if table:
            yield table
    elif isinstance(table, Mapping):
        yield from in_table(list(table.values()))
    elif isinstance(table, list | tuple):
        for row in table:
            yield from in_table(row)
    elif is_dataclass(table):
        yield from in_table([getattr(table, field.name) for field in fields(table)])


def _constants(name: str) -> Iterator[Key]:
    """Constants of a module of texts."""
    if not name.endswith("/texts.py"):
        return
    module = import_module(name.removesuffix(".py").replace("/", "."))
    for sentence in in_table([value for constant, value in vars(module).items() if constant.isupper()]):
        yield sentence.context, sentence.template


def _tables() -> dict[str, Any]:
    return {
        "pipelines/looks/fields.py": [CHOICES, [field_label(field) for field in FIELDS]],
        "pipelines/looks/languages.toml": list(languages()),
        "pipelines/settings.py": [SETTINGS, COUNT, FACE_NUMBER],
        "pipelines/engine_table.py": ENGINES,
        "pipelines/faces/quality.py": MEASURES,
        "pipelines/images/file_kinds.py": OTHERS,
        "pipelines/misuse/rules.toml": [rule.sentence for rule in rules()],
        "presets": load_looks(),
    }
