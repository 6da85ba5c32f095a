"""Lazy modules: large ones that a library imports and hardly anybody uses run their code at their first use.

Together with `pipelines.runtime.fast_imports` this saves half a second of every start.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any


@contextmanager
def lazy_modules(*names: str) -> Iterator[None]:
    """Postpone imports of these modules inside: the first use of something in one runs its code.

    `importlib.util.LazyLoader` does the same, but imports a module as soon as anything looks at it, and torch looks for
    the file of every module that is there whenever it registers an operator.
    """
    finder = _Finder(names)
    # Another list, as other threads may be importing: while they go through this one, it must not change.
    sys.meta_path = [finder, *sys.meta_path]
    try:
        yield
    finally:
        sys.meta_path = [other for other in sys.meta_path if other is not finder]


class _Finder(MetaPathFinder):
    def __init__(self, names: Sequence[str]):
        self._names = names

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self._names else None
        if spec is not None and spec.loader is not None:
            spec.loader = _PostponingLoader(spec.loader)
        return spec


class _PostponingLoader(Loader):
    def __init__(self, usual: Loader):
        self.usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Postponed(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the first use runs the code."""


class _Postponed(ModuleType):
    _lock = RLock()  # one for all: the code of one may use another

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what nobody has, or what torch and inspect look for in every module
            raise AttributeError(name)
        with self._lock:
            spec = self.__spec__
            if spec is not None and isinstance(spec.loader, _PostponingLoader):
                spec.loader = self.__loader__ = spec.loader.usual  # first: the code may ask for missing names
                spec.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]  # from here it is like any other
        return ModuleType.__getattribute__(self, name)
