"""Requirements of a Space: one file with every version that was tested, as a Space reads neither a second file nor -c.

What the packages of requirements.txt bring is found in the metadata of those installed here, read for a Space's Python.
"""

import re
from collections.abc import Container, Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.deploy import texts
from pipelines.deploy.space import CONTENTS, Hardware
from pipelines.errors import UserError
from pipelines.paths import ROOT

LINUX = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"}
TORCH = "torch"


def requirements(hardware: Hardware, python: str) -> str:
    """Text of the Space's requirements.txt, for a version of Python such as "3.12". Raises UserError."""
    direct = [line for line in lines("requirements.txt") if canonicalize_name(Requirement(line).name) != TORCH]
    named = {canonicalize_name(Requirement(line).name) for line in direct}
    brought = closure(direct, python) - named - {*CONTENTS.not_pinned, TORCH}
    rest = [f"{name}=={version}" for name, version in sorted(pins().items()) if name in brought]
    return "\n".join([*hardware.torch, *direct, *rest]) + "\n"


def lines(file: str) -> list[str]:
    """Requirements in a file of the project, without comments."""
    text = (ROOT / file).read_text("utf-8")
    return [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]


def pins() -> dict[str, str]:
    """Versions in constraints.txt by the names of the index."""
    found = (re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines("constraints.txt"))
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def closure(direct: list[str], python: str) -> set[str]:
    """Names of all packages that these requirements bring, themselves included. Raises UserError."""
    known = pins()
    todo = [Requirement(line) for line in direct]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = todo.pop()
        key = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if key not in seen:
            seen.add(key)
            todo += _needs(wanted, python, known)
    return {name for name, _ in seen}


def _needs(wanted: Requirement, python: str, known: Container[str]) -> Iterator[Requirement]:
    linux = {**LINUX, "python_version": python, "python_full_version": f"{python}.0"}
    try:
        needs = metadata.requires(wanted.name) or []
    except metadata.PackageNotFoundError:
        if canonicalize_name(wanted.name) not in known:  # nothing that an installation here brings
            return
        raise UserError(texts.NOT_PINNED.format(package=wanted.name, remedy=texts.INSTALL)) from None
    for need in map(Requirement, needs):
        if need.marker is None or any(
            need.marker.evaluate({**linux, "extra": extra}) for extra in ("", *wanted.extras)
        ):
            yield need
