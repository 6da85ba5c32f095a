"""The code as a newcomer finds it: small files, small folders, and docstrings that say what a thing is or does."""

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipelines.paths import ROOT

PRODUCT = ("app.py", "pipelines")
ALL = (*PRODUCT, "benchmarks", "tools", "training", "tests")
LONGEST, FULLEST = 300, 15
RIDDLE = re.compile(r"(what|where|how|whether|which|who|when|why|if|as|so|of|in|from)\b", re.IGNORECASE)


def sources(*places: str) -> list[Path]:
    files = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    assert files
    return files


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text: of modules, classes and functions, and the strings below constants and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text
        body = getattr(node, "body", None)
        for before, after in itertools.pairwise(body) if isinstance(body, list) else ():
            value = after.value if isinstance(after, ast.Expr) else None
            if isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Constant):
                yield after.lineno, str(value.value)


def riddles(tree: ast.AST) -> list[str]:
    return [f"{line}: {text.splitlines()[0]}" for line, text in docstrings(tree) if RIDDLE.match(text.strip())]


def test_no_module_of_the_product_is_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources(*PRODUCT)}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_folder_of_the_product_is_full() -> None:
    folders = Counter(path.parent for path in sources("pipelines") if path.name not in ("__init__.py", "__main__.py"))
    assert not {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > FULLEST}


def test_docstrings_begin_with_a_noun_or_a_verb() -> None:
    found = {str(path.relative_to(ROOT)): riddles(ast.parse(path.read_text("utf-8"))) for path in sources(*ALL)}
    assert not {name: lines for name, lines in found.items() if lines}


def test_a_riddle_is_found() -> None:
    tree = ast.parse('"""Module."""\nA = 1\n"""How much."""\ndef f():\n    """Whether it is so."""\n')
    assert riddles(tree) == ["3: How much.", "4: Whether it is so."]
